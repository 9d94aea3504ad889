"""From a record's own words to a clean description: pure functions, one file per kind of value."""
