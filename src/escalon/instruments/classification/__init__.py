"""Classification criteria: one file per set."""
