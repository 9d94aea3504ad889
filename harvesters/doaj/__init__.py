"""DOAJ beside OAI-PMH: its API and its public data dump, which both send article and journal JSON."""
