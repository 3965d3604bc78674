"""Fetching what others made, once, into the cache."""
