"""Toxicity grades and safety rules: one file each."""
