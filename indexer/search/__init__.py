"""Text to tokens, query language to token queries, works to documents: everything an engine need not know."""
