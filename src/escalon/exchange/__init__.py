"""Other formats: one file each. Import is a dry run first, idempotent, and loses nothing."""
