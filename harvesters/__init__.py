"""Fetch records from repositories, exactly as sent; knows no SQL and no index."""
