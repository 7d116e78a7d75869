"""Sources: data folders, wide exports and casebooks, each turned into a history with an account of every row."""
