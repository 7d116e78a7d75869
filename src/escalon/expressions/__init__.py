"""The expression tree: one definition, read with numbers, with reasons, as columns, as SQL and as JavaScript."""
