"""The CTCAE v5.0 term list: 837 adverse event terms in 26 classes, each with its MedDRA code and its five grades.

Source: National Cancer Institute, Common Terminology Criteria for Adverse Events, version 5.0, 27 November 2017 (public
domain, https://ctep.cancer.gov). The dictionary's text is kept word for word in `ctcae_v5.csv`; an empty grade is the
dash of the printed table: that grade does not exist for the term. A semicolon within a grade means *or*.
"""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from escalon.instruments.safety.ctcae.everyday import meant, recorded_under

CRS = "Cytokine release syndrome"
# Syndromes of effector cells that trials record beside CTCAE terms: their name, class, and where their grades are stated.
SYNDROMES = {
    "ICANS": ("Immune effector cell-associated neurotoxicity syndrome", "Nervous system disorders", "ASTCT 2019"),
    "IEC-HS": (
        "Immune effector cell-associated hemophagocytic lymphohistiocytosis-like syndrome",
        "Immune system disorders",
        "ASTCT 2023",
    ),
    "ICAHT": (
        "Immune effector cell-associated hematotoxicity",
        "Blood and lymphatic system disorders",
        "EHA/EBMT 2023",
    ),
    "LICATS": (
        "Local immune effector cell-associated toxicity syndrome",
        "Immune system disorders",
        "local toxicity; organs graded by CTCAE",
    ),
}


_IN_CHINESE = {
    "CRS": "细胞因子释放综合征",
    "ICANS": "免疫效应细胞相关神经毒性综合征",
    "IEC-HS": "免疫效应细胞相关噬血细胞性淋巴组织细胞增多症样综合征",
    "ICAHT": "免疫效应细胞相关血液毒性",
}
_SPECIFIED = re.compile(r"(.* - other)(?:, specify)?[ :,(–-]+(.*?)\)?")
"""«Investigations - Other, specify», and what stands behind it: the event itself, `: CRP increased`."""


class UnknownTerm(ValueError):
    """Not a term of CTCAE v5.0; says where to record it or what is nearest."""


@dataclass(frozen=True, slots=True)
class Term:
    """One adverse event term: its class, its MedDRA code, and what each of its grades says (absent grades left out)."""

    name: str
    system_class: str
    code: str
    grades: Mapping[int, str]


@cache
def terms() -> Mapping[str, Term]:
    """Every term of CTCAE v5.0 by name, in the order of the dictionary."""
    text = files(__package__).joinpath("ctcae_v5.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {
        row["term"]: Term(
            row["term"],
            row["class"],
            row["meddra_code"],
            {grade: row[f"grade_{grade}"] for grade in range(1, 6) if row[f"grade_{grade}"]},
        )
        for row in rows
    }


@cache
def classes() -> tuple[str, ...]:
    """The 26 system organ classes, in the order of the dictionary."""
    return tuple(dict.fromkeys(term.system_class for term in terms().values()))


def find_term(name: str) -> Term:
    """The term of a name or MedDRA code, without regard to case; British spellings are accepted. Raises UnknownTerm."""
    wanted = _plain(name)
    if found := _index().get(wanted) or _under_other(wanted):
        return found
    if other := recorded_under(wanted):
        raise UnknownTerm(f"{name!r} is not a term of CTCAE v5.0. Record it under «{other}» with the general scale")
    near = " or ".join(dict.fromkeys(f"«{_index()[key].name}»" for key in _meant(wanted)))
    raise UnknownTerm(f"{name!r} is not a term of CTCAE v5.0.{f' Did you mean {near}?' if near else ''}")


def _under_other(wanted: str) -> Term | None:
    """The «Other» term of a class with its event behind it. Raises UnknownTerm where that event has a term of its own."""
    said = _SPECIFIED.fullmatch(wanted)
    found = _index().get(f"{said[1]}, specify") if said else None
    if said and found and (own := _syndrome(said[2]) or _own_term(said[2])):
        raise UnknownTerm(f"«{found.name}» is for what has no term of its own. Record {said[2]!r} as «{own}»")
    return found


def _own_term(wanted: str) -> str:
    return _index()[wanted].name if wanted in _index() else next(iter(meant(wanted)), "")


def _meant(wanted: str) -> list[str]:
    """What a name that is no term probably means: what people call so, what begins so, else what is spelled almost so."""
    if everyday := meant(wanted):
        return [_plain(one) for one in everyday]
    begin = [key for key in _index() if len(wanted) >= LEAST and key.startswith(wanted)]
    close = get_close_matches(wanted, _index(), 3, ALIKE)
    return begin[:3] or [key for key in close if _agrees(wanted, key)]


LEAST, ALIKE = 5, 0.7
"""Letters from which on the beginning of a term says something; and how much of the spelling must agree."""
_DIRECTION = frozenset({"increased", "decreased", "count", "low", "high", "elevated", "disorder", "infection"})


def _agrees(wanted: str, term: str) -> bool:
    """Whether every word that says what it is about has its like in the term: three letters (CRP, IgG) are no misspelling."""
    there, telling = term.split(), [word for word in wanted.split() if word not in _DIRECTION]
    return all(word in there or (len(word) > 3 and get_close_matches(word, there, 1, ALIKE)) for word in telling)


def find_event(name: str) -> Term:
    """The term of an event as a trial records it: a CTCAE term, CRS, or a syndrome that CTCAE v5.0 lacks. Raises UnknownTerm.

    A syndrome has no code, because CTCAE v5.0 gives none; its grades are those of its own scale.

    >>> find_event("Immune effector cell-associated neurotoxicity syndrome (ICANS)").name
    'ICANS'
    """
    short = _syndrome(name)
    if short == "CRS":
        return terms()[CRS]
    if short:
        _, system_class, scale = SYNDROMES[short]
        return Term(short, system_class, "", {grade: f"grade {grade} by {scale}" for grade in range(1, 6)})
    return find_term(name)


def _syndrome(name: str) -> str:
    """The short name of a syndrome written short, in full, or one with the other in brackets; empty where it is none."""
    said = {part for part in map(_apart, re.split("[()（）]", name)) if part}
    named = {"CRS": CRS} | {short: full for short, (full, *_) in SYNDROMES.items()}
    names = {short: {*map(_apart, (short, full)), _IN_CHINESE.get(short, short)} for short, full in named.items()}
    return next((short for short, same in names.items() if said and said <= same), "")


def _apart(name: str) -> str:
    return " ".join(_plain(name).replace("-", " ").split())


def question_about(name: str, grade: int | None = None) -> str:
    """What to ask about an event as recorded; empty where its term and its grade exist.

    >>> question_about("Sepsis", 1)
    '«Sepsis» has no grade 1 in CTCAE v5.0. It has 3, 4, 5'
    >>> question_about("Oedema peripheral", 2)
    "'Oedema peripheral' is not a term of CTCAE v5.0. Did you mean «Edema limbs»?"
    >>> question_about("diarrhoea", 3)
    ''
    """
    try:
        term = find_event(name)
        if grade is not None:
            check_grade(term, grade)
    except ValueError as error:
        return str(error)
    return ""


def check_grade(term: Term, grade: int) -> str:
    """What a grade of a term says; raises ValueError where the dictionary has a dash for it."""
    if grade not in term.grades:
        has = ", ".join(map(str, term.grades))
        raise ValueError(f"«{term.name}» has no grade {grade} in CTCAE v5.0. It has {has}")
    return term.grades[grade]


@cache
def _index() -> Mapping[str, Term]:
    by_code = {term.code: term for term in terms().values()}
    return {_plain(name): term for name, term in terms().items()} | by_code


# American stems of the dictionary with the British spelling people type.
_SPELLINGS = (
    ("haem", "hem"), ("anaem", "anem"), ("aemia", "emia"), ("oedema", "edema"), ("oesoph", "esoph"), ("diarrhoea", "diarrhea"),
    ("dyspnoea", "dyspnea"), ("apnoea", "apnea"), ("tumour", "tumor"), ("leukaem", "leukem"), ("leucocyt", "leukocyt"),
    ("paraesth", "paresth"), ("dysaesth", "dysesth"), ("gynaec", "gynec"), ("foetal", "fetal"), ("caecal", "cecal"),
    ("ischaem", "ischem"), ("odour", "odor"), ("colour", "color"), ("hypoxaem", "hypoxem"), ("rhoea", "rhea"),
    ("paenia", "penia"),
)  # fmt: skip


def _plain(name: str) -> str:
    text = " ".join(name.lower().replace("_", " ").split())
    for british, american in _SPELLINGS:
        text = text.replace(british, american)
    return text
