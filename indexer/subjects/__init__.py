"""The subject tree: the main classes of the Chinese Library Classification, and where works belong in it."""
