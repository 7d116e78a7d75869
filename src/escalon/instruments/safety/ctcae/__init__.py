"""CTCAE v5.0: the 837 terms of the NCI dictionary, and grades computed from laboratory values."""
