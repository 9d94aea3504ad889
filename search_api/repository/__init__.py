"""The library as a repository that others harvest: OAI-PMH 2.0 over all works."""
