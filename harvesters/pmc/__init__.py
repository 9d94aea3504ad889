"""PubMed Central beside OAI-PMH: the cloud bucket, the ID converter and the summaries of its E-utilities."""
