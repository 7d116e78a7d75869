"""What did happen: an append-only, hash-chained, signed record of a trial."""
