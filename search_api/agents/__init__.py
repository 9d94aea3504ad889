"""The library for programs that think: its search as tools of the Model Context Protocol."""
