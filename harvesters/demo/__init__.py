"""Demonstration repositories: invented articles behind real OAI-PMH, for when no source can be reached."""
