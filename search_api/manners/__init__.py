"""What every answer over HTTP has in common, whatever the route: ids, times, caching, compression, limits."""
