"""The cell product: dose, release, vector copies, lymphodepletion, and whose product it is."""
