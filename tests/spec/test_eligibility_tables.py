"""Every row of spec/eligibility/nct07052565.md, examined one by one; and what an alternative reading changes."""

import re
from pathlib import Path

import pytest
from tests.spec.test_criteria_tables import fact_of

from escalon.criteria import AnchorDay, Situation, examine
from escalon.facts import Day, Fact, Facts, Truth, Value, read_number
from escalon.protocol import FactDefinition, Study, load_study
from escalon.protocol.readings import under

TABLE = Path(__file__).parents[2] / "spec" / "eligibility" / "nct07052565.md"
SCREENING = Day.parse("2025-03-14")
ROWS = [
    tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]
WORDS: dict[Truth, str] = {True: "met", False: "not met", None: "unknown"}


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nct07052565")


def fact(text: str, words: dict[str, FactDefinition]) -> Fact:
    """A fact as the table writes it: name, value, unit; no value means not known."""
    name, _, rest = text.strip().partition(" ")
    value, _, unit = rest.strip().partition(" ")
    known = words[name]
    read: Value = value or None
    if value in ("yes", "no"):
        read = value == "yes"
    elif value and known.kind in ("number", "integer"):
        read = read_number(value)
    return Fact(name, read, SCREENING, unit or None)


def verdict(study: Study, clause: str, facts: str) -> str:
    """What a clause concludes; an exclusion is met when what excludes is known to be absent."""
    criterion = study.criterion(clause)
    known = Facts(fact(one, dict(study.vocabulary)) for one in facts.split(";") if one.strip())
    anchors = {
        name: AnchorDay(SCREENING, SCREENING if name == "consent" else Day.parse("2025-02-14"), SCREENING)
        for name in ("consent", "screening")
    }
    truth = examine(criterion.tree, Situation(known, SCREENING, anchors, study.vocabulary)).value
    assert truth is None or isinstance(truth, bool)
    return WORDS[truth if criterion.kind == "inclusion" or truth is None else not truth]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_of_the_table_is_decided_as_it_says(study: Study, row: tuple[str, ...]) -> None:
    _, clause, facts, expected, mark = row
    assert verdict(study, clause, facts) == expected
    assert mark in ("record", "by hand", "three-valued")


def test_the_table_has_its_rows() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) == 38


BOUNDARIES = [
    tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
    for line in (TABLE.parent / "boundaries.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+ \|", line)
]


@pytest.mark.parametrize("row", BOUNDARIES, ids=lambda row: f"{row[1]} {row[0]}")
def test_every_clause_is_decided_at_its_boundary_as_the_record_says(study: Study, row: tuple[str, ...]) -> None:
    _, clause, facts, expected, why = row
    decided = Day.parse("2025-03-20")
    anchors = {
        "screening": AnchorDay(SCREENING, Day.parse("2025-02-14"), decided),
        "consent": AnchorDay(*[Day.parse("2025-03-10")] * 3),
    }
    known = Facts(fact_of(one.strip()) for one in facts.split(";"))
    criterion = study.criterion(clause)
    truth = examine(criterion.tree, Situation(known, decided, anchors, study.vocabulary)).value
    assert truth is None or isinstance(truth, bool)
    assert WORDS[truth if criterion.kind == "inclusion" or truth is None else not truth] == expected
    assert why


def test_no_clause_is_without_a_boundary(study: Study) -> None:
    keeps_nobody_out = {"I-0", "I-1b"}
    assert {one.id for one in study.criteria} - {row[1] for row in BOUNDARIES} == keeps_nobody_out
    assert [int(row[0]) for row in BOUNDARIES] == list(range(1, len(BOUNDARIES) + 1))


ACTIVE_WITHOUT_THROMBOCYTOPENIA = "pss_thrombocytopenia no; platelets 200 10^9/L; essdai 8"


def test_both_readings_of_sjogren_thrombocytopenia_decide(study: Study) -> None:
    route = under(study, "Q-SS-TP")
    for clause in ("I-8b", "I-8c"):
        assert verdict(route, clause, ACTIVE_WITHOUT_THROMBOCYTOPENIA) == "met"
    assert verdict(study, "I-8b", ACTIVE_WITHOUT_THROMBOCYTOPENIA) == "not met"
    assert verdict(study, "I-8c", ACTIVE_WITHOUT_THROMBOCYTOPENIA) == "met"


def test_a_result_under_another_reading_says_so_in_its_version(study: Study) -> None:
    assert under(study, "Q-SS-TP").version == f"{study.version}+Q-SS-TP/1"


@pytest.mark.parametrize(
    ("assumption", "number", "what"), [("Q-SS-TP", 2, "alternatives 1 to 1"), ("Q-CELLS", 1, "words only")]
)
def test_a_reading_that_is_not_there_is_refused(study: Study, assumption: str, number: int, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        under(study, assumption, number)
