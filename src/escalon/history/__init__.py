"""One history: what happened as typed events in order, from whatever source, and its fold to where the trial stands."""
