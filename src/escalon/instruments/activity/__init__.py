"""Disease activity and response: one file per index."""
