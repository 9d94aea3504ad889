"""Which manifestations are the same work: keys, clusters, the merged view. Pure; the store is elsewhere."""
