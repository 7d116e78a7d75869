"""Quantities used across diseases: clearance, body surface, equivalents, change."""
