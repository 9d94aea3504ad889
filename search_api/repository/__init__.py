"""The library as a repository that others harvest and follow: OAI-PMH 2.0 over all works, Atom over any search."""
