"""The page for readers: its texts, its addresses, what it shows, and how it is written as HTML."""
