"""Which name was probably meant: by what titles say and how words begin first, by spelling last, since nobody
misspells a first letter (BASDAI is no SDAI); rather none than a wrong one.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

EVERYDAY: Mapping[str, list[str]] = {
    word: names.split()
    for line in Path(__file__).with_name("everyday.txt").read_text(encoding="utf-8").splitlines()[1:]
    for words, _, names in [line.partition(" | ")]
    for word in words.split()
}
LEAST = 4
"""Letters from which on the beginning of a word says something."""
SHORTEST = 3
"""Letters with which a name may begin to be meant."""
ALIKE = 0.75


def meant(word: str, candidates: Mapping[str, str], most: int = 3) -> list[str]:
    """The candidates that a word probably means; each has its name, and what is said of it (title, other names)."""
    wanted = re.sub(r"[^a-z0-9]+", " ", word.lower()).strip()
    joined = wanted.replace(" ", "_")
    if joined in candidates:
        return [joined]
    everyday = [name for name in EVERYDAY.get(joined, ()) if name in candidates]
    if everyday:
        return everyday[:most]
    close = [one for one in get_close_matches(joined, candidates, most, ALIKE) if one[0].lower() == joined[0]]
    said = [name for name, text in candidates.items() if _says(wanted, f"{name} {text}")]
    begin = [name for name in candidates if len(joined) >= SHORTEST and name.startswith(joined)]
    both = [*begin, *(name for name in close if name in said), *said, *close]
    return [*dict.fromkeys(both)][:most]


def _says(wanted: str, text: str) -> bool:
    """Whether every word of what was written begins a word of the text."""
    there = re.findall(r"[a-z0-9]+", text.lower())
    words = wanted.split()
    return bool(words) and len(wanted) >= LEAST and all(any(one.startswith(word) for one in there) for word in words)


def did_you_mean(word: str, candidates: Mapping[str, str] | Iterable[str]) -> str:
    """` Did you mean mrss?`, or nothing."""
    known = candidates if isinstance(candidates, Mapping) else dict.fromkeys(candidates, "")
    found = meant(word, known)
    return f" Did you mean {' or '.join(found)}?" if found else ""
