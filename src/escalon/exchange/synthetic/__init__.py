"""Invented people who follow a study's own rules, drawn from a seed: for trying a study folder, never evidence of anything."""
