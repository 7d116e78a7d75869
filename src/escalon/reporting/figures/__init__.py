"""Figures: each a function of data that returns SVG text; the same data give the same bytes."""
