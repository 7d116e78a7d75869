"""Vasopressors by name: synonyms, abbreviations, brand names, doses and any joining word; what is not recognised is named.

Names and abbreviations are those of the drugs' labels and of intensive care's daily use. Vasopressin and its analogues stand
apart, because ASTCT 2019 does not count them (Lee 2019, doi:10.1016/j.bbmt.2018.12.758, table 2); fluids are none.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from escalon.facts.number import narrow
from escalon.facts.words import not_known

MOST = 9
"""More vasopressors than this at once are a slip of the pen."""
_FILLERS = frozenset(
    """and with plus also as well und et low high dose doses dosed at rate of on the a an iv i v infusion infusions drip gtt
    continuous continuously titrated max maximum min mean start started ongoing running support only x via central line cvc mcg ug
    mg g u iu unit units ml kg h hr d day minute hour bitartrate tartrate hydrochloride hcl acetate
    和 与 及 加 联合 泵入 静脉""".split()
)
_NONE = frozenset(
    {"none", "no", "nil", "0", "zero", "no vasopressors", "no vasopressor", "no pressors", "无", "没有", "未用"}
)
_COUNTS = {
    word: number
    for number, words in enumerate(("one single 1 一", "two 2 两 二", "three 3 三", "four 4 四"), 1)
    for word in words.split()
}
_GENERIC = frozenset(
    {"vasopressor", "vasopressors", "pressor", "pressors", "drug", "drugs", "agent", "agents", "升压药", "种"}
)
_TIMES = frozenset({"x", "to", "or"})
_SOME = {"yes": 1, "y": 1, "true": 1, "given": 1, "multiple": 2, "several": 2, "many": 2, "是": 1, "有": 1, "多种": 2}
_NEGATED = frozenset(
    "no not without stopped stop off discontinued weaned held hold prn refused never 停 已停 未".split()
)
_DOUBTED = frozenset("? maybe possibly".split())
_INSTEAD = frozenset(
    "or oder ou then switched switch changed replaced replacing instead followed from to by → 或 改为 换为 后改".split()
)
"""Words by which one drug may stand for another: two names are one drug or two."""
_DOSE = re.compile(
    r"(?:up to|max\.?)?\s*\d[\d.,]*\s*(?:-\s*\d[\d.,]*\s*)?(?:mcg|µg|μg|ug|mg|ng|g|iu|u|units?|ml|gamma|%)?"
    r"(?:\s*(?:/|per)\s*(?:kg|min|minute|h|hr|hour|d|day|24h|m2|l|ml))*(?![^\W\d_])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Vasopressors:
    """What a text says: how many vasopressors at least and at most, vasopressin apart, and the words not recognised."""

    least: int
    most: int
    vasopressin: bool | None = False
    names: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    """Words that are in no dictionary: each may be a further drug."""


@lru_cache(maxsize=4096)
def read_vasopressors(text: str) -> Vasopressors | None:
    """The vasopressors of a text or a count; `None` where they are not known."""
    written = " ".join(narrow(text).strip(" []()").lower().split())
    if written in _NONE:
        return Vasopressors(0, 0)
    if not_known(written) is not None:
        return None
    count = _counted(written)
    return _named(written) if count is None else count


_LIMIT = re.compile(r"(<=|>=|[<>≤≥]|at least|at most|more than|less than|up to)\s*(\d)(?!\d)|(\d)\s*(\+)$")
"""`<2`, `at least 2`, `2+`: a count of which one end is known."""
_ENDS = {
    "<": (0, -1), "less than": (0, -1), "<=": (0, 0), "≤": (0, 0), "at most": (0, 0), "up to": (0, 0), ">": (1, MOST),
    "more than": (1, MOST), ">=": (0, MOST), "≥": (0, MOST), "at least": (0, MOST), "+": (0, MOST),
}  # fmt: skip
"""What is added to the number for the lower end, and for the upper one; an end not spoken of is 0 or MOST."""


def _limited(text: str) -> Vasopressors | None:
    """`>1`, `at least two pressors`, `2+`: a count known as below or above a limit."""
    text = " ".join(str(_COUNTS.get(word, word)) for word in text.split())
    found = _LIMIT.search(text)
    if found is None or any(word not in _GENERIC for word in re.findall(r"[^\W\d_]+", _LIMIT.sub(" ", text))):
        return None
    sign, number = (found[1], int(found[2])) if found[1] else ("+", int(found[3]))
    more, end = _ENDS[sign]
    least, most = (number + more, MOST) if end == MOST else (0, number + end)
    return Vasopressors(least, most, None if most else False) if 0 <= least <= most else None


def _counted(text: str) -> Vasopressors | None:
    """`2`, `two vasopressors`, `pressors x2`, `1-2`, `several`, `yes`: a number without names."""
    if (limited := _limited(text)) is not None:
        return limited
    words = [word for word in re.findall(r"[^\W\d_]+|\d+", text) if word not in _GENERIC and word not in _TIMES]
    if not words:
        return Vasopressors(1, MOST, None)
    if len(words) == 1 and words[0] in _SOME:
        return Vasopressors(_SOME[words[0]], MOST, None)
    numbers = [_COUNTS.get(word) or (int(word) if word.isdecimal() else MOST + 1) for word in words]
    if len(numbers) > 2 or max(numbers) > MOST:
        return None
    return Vasopressors(min(numbers), max(numbers), None if max(numbers) else False)


def _named(text: str) -> Vasopressors:
    found: set[str] = set()
    rest = _DOSE.sub(" ", text)
    for name, drug in _DICTIONARY:
        pattern = re.escape(name) if not name.isascii() else rf"(?<![a-zà-ÿ]){re.escape(name)}(?![a-zà-ÿ])"
        rest, times = re.subn(pattern, " ", rest)
        found |= {drug} if times else set()
    words = re.findall(r"[→?]|[^\W\d_]+", rest.replace("->", "→"))
    words = [word for word in words if word not in _FILLERS and word not in _GENERIC]
    strange = tuple(dict.fromkeys(words))
    names = tuple(sorted(found - {"vasopressin", "fluids"}))
    joining = _NEGATED | _INSTEAD | (_DOUBTED if found else frozenset())  # «maybe» alone names nothing that can be read
    more = [word for word in strange if word not in joining]
    if not found and not strange:  # a dose, or a joining word: of how many drugs it does not say
        return Vasopressors(1 if _DOSE.search(text) else 0, MOST, None)
    sure = min(1, len(names)) if _INSTEAD & set(strange) else len(names)
    # «no norepinephrine», «norepinephrine stopped» and «norepinephrine?» are asked about
    certain = 0 if (_NEGATED | _DOUBTED) & set(strange) else sure
    vasopressin = "vasopressin" in found if not strange or certain else None
    most = max(len(names) + len(more), _said_beside(text))
    return Vasopressors(certain, min(MOST, most), vasopressin or (None if strange else False), names, strange)


def _said_beside(text: str) -> int:
    """The count said of vasopressors in general beside a name: «2 pressors + vasopressin» may be two or three drugs."""
    generic = "|".join(sorted(_GENERIC, key=len, reverse=True))
    counts = "|".join((r"\d", *_COUNTS))
    said = re.findall(
        rf"(?<![\w.])({counts})\s*(?:x\s*)?(?:{generic})|(?:{generic})\s*(?:x\s*)?({counts})(?![\w.])", text
    )
    return max((_COUNTS.get(one) or int(one) for pair in said for one in pair if one), default=0)


def _dictionary() -> tuple[tuple[str, str], ...]:
    """Every name with its drug, the longest first, so that 去甲肾上腺素 is not read as 肾上腺素."""
    written = Path(__file__).with_name("vasopressors.txt").read_text(encoding="utf-8")
    lines = [re.split(r"\s{2,}", line) for line in written.splitlines()]
    pairs = [(name, line[0]) for line in lines for name in line]
    pairs += [
        (name.replace("nor", "nor-", 1), drug) for name, drug in pairs if name in ("norepinephrine", "noradrenaline")
    ]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


_DICTIONARY = _dictionary()


def question(found: Vasopressors) -> str:
    """What to ask about the words that are in no dictionary."""
    asked = []
    for word in found.strange:
        close = get_close_matches(word, [name for name, _ in _DICTIONARY], 1, 0.8)
        asked.append(f"{word!r}{f' (did you mean {close[0]}?)' if close else ''}")
    return f"not recognised among the vasopressors: {', '.join(asked)}" if asked else ""


def read_all(given: str | Iterable[object]) -> Vasopressors | None:
    """The vasopressors of a text, a number or a list of names."""
    return read_vasopressors(given if isinstance(given, str) else ", ".join(str(one) for one in given) or "none")
