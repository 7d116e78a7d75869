"""The closed lists of an adverse event, and the words people write for them, Chinese among them, without regard to case.

Source: seriousness ICH E2A (1994); outcomes as in ICH E2B(R3) and CDISC controlled terminology (OUT).
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from escalon.facts import Truth, read_whole
from escalon.facts.number import narrow
from escalon.facts.words import not_known


class Outcome(StrEnum):
    """How an event ended, or where it stands."""

    RECOVERED = "recovered"
    RECOVERED_WITH_SEQUELAE = "recovered with sequelae"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not recovered"
    FATAL = "fatal"
    UNKNOWN = "unknown"


class Criterion(StrEnum):
    """What makes an event serious (ICH E2A), any one of them."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    IMPORTANT = "important"


class Syndrome(StrEnum):
    """A syndrome that a sign is recorded as a part of, so that the sign is not counted on its own."""

    CRS = "CRS"
    ICANS = "ICANS"
    IEC_HS = "IEC-HS"
    ICAHT = "ICAHT"
    LICATS = "LICATS"


Meaning = TypeVar("Meaning")


def _words(written: Mapping[Meaning, str]) -> Mapping[str, Meaning]:
    """Each word, as it is compared, with what it means."""
    return {plain(word): meaning for meaning, some in written.items() for word in (*some.split("|"), str(meaning))}


def plain(text: str) -> str:
    """A word without regard to case, hyphens, underscores, blanks or the spelling of -isation."""
    words = text.casefold().replace("-", " ").replace("_", " ").replace("ization", "isation").replace("ized", "ised")
    return " ".join(words.replace(" / ", "/").split())


OUTCOMES = _words(
    {
        Outcome.RECOVERED: "resolved|recovered/resolved|cured|healed|痊愈|治愈|恢复|已恢复|已痊愈|缓解",
        Outcome.RECOVERED_WITH_SEQUELAE: "resolved with sequelae|recovered/resolved with sequelae|sequelae|痊愈有后遗症|"
        "恢复伴后遗症|有后遗症|后遗症",
        Outcome.RECOVERING: "resolving|recovering/resolving|improving|improved|好转|恢复中|正在恢复",
        Outcome.NOT_RECOVERED: "not resolved|not recovered/not resolved|unresolved|unchanged|ongoing|continuing|persisting|"
        "stable|worsened|未恢复|未痊愈|未缓解|未好转|持续",
        Outcome.FATAL: "death|died|dead|deceased|lethal|exitus|死亡|致死|致命|去世",
        Outcome.UNKNOWN: "not known|unk|?|lost to follow up|不详|未知|不明|失访",
    }
)
CRITERIA = _words(
    {
        Criterion.DEATH: "fatal|died|dead|results in death|resulted in death|死亡|导致死亡|致死",
        Criterion.LIFE_THREATENING: "life threat|is life threatening|危及生命|威胁生命",
        Criterion.HOSPITALISATION: "hospitalised|hospital|admission|prolonged hospitalisation|prolongation of hospitalisation|"
        "hospitalisation or prolongation|inpatient hospitalisation|住院|住院或延长住院|延长住院|住院时间延长|导致住院",
        Criterion.DISABILITY: "incapacity|disability or incapacity|disability/incapacity|disabling|致残|残疾|永久致残",
        Criterion.CONGENITAL_ANOMALY: "congenital anomaly or birth defect|birth defect|先天异常|先天畸形|出生缺陷|先天性异常",
        Criterion.IMPORTANT: "medically important|medically important event|important medical event|other medically important|"
        "other|重要医学事件|其他重要医学事件",
    }
)
SYNDROMES = _words(
    {
        Syndrome.CRS: "cytokine release syndrome|细胞因子释放综合征",
        Syndrome.ICANS: "immune effector cell associated neurotoxicity syndrome|neurotoxicity|"
        "免疫效应细胞相关神经毒性综合征|神经毒性",
        Syndrome.IEC_HS: "hlh|hlh/mas|mas|carhlh|car hlh|噬血细胞综合征",
        Syndrome.ICAHT: "haematotoxicity|hematotoxicity|血液毒性",
        Syndrome.LICATS: "local reaction",
    }
)
RELATIONS = _words(
    {
        True: "yes|y|related|possible|possibly|probable|probably|definite|definitely|certain|likely|suspected|"
        "reasonable possibility|possibly related|probably related|definitely related|是|有关|相关|可能有关|很可能有关|肯定有关",
        False: "no|n|unrelated|not related|unlikely|unlikely related|not suspected|no reasonable possibility|"
        "否|无关|不相关|可能无关|肯定无关",
    }
)
"""Possible and above is related; unlikely is not (spec SAF-9)."""
_GRADE = re.compile(r"(?:ctcae )?(?:grade|gr\.?|g) ?", re.IGNORECASE)
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5"}


def read_outcome(text: str) -> Outcome | None:
    """The outcome a text names; None where nothing is written. Raises ValueError that lists what to write.

    >>> read_outcome("Died"), read_outcome("死亡"), read_outcome("Recovered/Resolved")
    (<Outcome.FATAL: 'fatal'>, <Outcome.FATAL: 'fatal'>, <Outcome.RECOVERED: 'recovered'>)
    """
    if not text.strip():
        return None
    return Outcome.UNKNOWN if not_known(text) else _read(text, OUTCOMES, Outcome, "an outcome")


def read_seriousness(text: str) -> tuple[Criterion, ...]:
    """The criteria of seriousness a text lists, in the order of ICH E2A. Raises ValueError that lists what to write.

    >>> read_seriousness("Life-threatening; hospitalization")
    (<Criterion.LIFE_THREATENING: 'life_threatening'>, <Criterion.HOSPITALISATION: 'hospitalisation'>)
    """
    found = {_read(part, CRITERIA, Criterion, "a criterion of seriousness") for part in listed(text)}
    return tuple(one for one in Criterion if one in found)


def read_syndrome(text: str) -> Syndrome | None:
    """The syndrome a sign is a part of; None where nothing is written. Raises ValueError that lists what to write."""
    return _read(text, SYNDROMES, Syndrome, "a syndrome an event can be a part of") if text.strip() else None


def read_relation(text: str) -> Truth:
    """Whether a text relates an event to the cells; None where nothing is written. Raises ValueError that lists what to write.

    >>> read_relation("possible"), read_relation("unlikely"), read_relation("")
    (True, False, None)
    """
    if not text.strip() or not_known(text):
        return None
    scale = ("yes", "no", "unrelated", "unlikely", "possible", "probable", "definite")
    return _read(text, RELATIONS, scale, "a relation")


def read_grade(text: str) -> int | None:
    """The grade a text says; None where it says that nobody knows it. Raises ValueError that says what to write.

    >>> read_grade("Grade 3"), read_grade("G3"), read_grade("III"), read_grade("not graded")
    (3, 3, 3, None)
    """
    written = text.strip()
    if plain(written) in ("not graded", "ungraded", "未分级") or not_known(written):
        return None
    number = _GRADE.sub("", narrow(written), count=1).removesuffix("级")
    try:
        return read_whole(_ROMAN.get(number.upper(), number))
    except ValueError:
        says = f"{text!r} is no grade. Write 1, 2, 3, 4 or 5, or leave it empty while nobody has graded it"
        raise ValueError(says) from None


def listed(text: str) -> tuple[str, ...]:
    """The parts of a list as people write it: by semicolon, comma or bar."""
    for sign in ("；", "，", "、", ",", "|"):
        text = text.replace(sign, ";")
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _read(text: str, words: Mapping[str, Meaning], kind: Iterable[str], what: str) -> Meaning:
    try:
        return words[plain(text)]
    except KeyError:
        raise ValueError(f"{text!r} is not {what}. Write one of: {', '.join(kind)}") from None
