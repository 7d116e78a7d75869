"""Small numbers and plurals as a protocol writes them."""

from __future__ import annotations

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number(value: int) -> str:
    """Three for 3; figures above twelve."""
    return WORDS[value] if 0 <= value < len(WORDS) else str(value)


def plural(count: int, noun: str) -> str:
    """1 DLT, 2 DLTs."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
