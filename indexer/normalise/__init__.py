"""From a record's own words to a clean description: pure functions, one file per kind of value."""

#: Raised when cleaning gives other results; the store remembers which one made its manifestations.
NORMALISER_VERSION = "3"
