"""The two storage interfaces (records in SQL, documents in a search engine) and what implements them."""
