"""Permit: who may act, in which order, and what holds an act back; it asks judge and records nothing."""
