"""Export: works in the formats that reference managers, tables and programs read, and as plain citations."""
