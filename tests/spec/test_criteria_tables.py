"""Every row of spec/criteria/*.md: a criterion, the facts, the day, and what is concluded."""

import re
from pathlib import Path

import pytest

from escalon.criteria import AnchorDay, Situation, examine, parse
from escalon.facts import Day, Fact, Facts, Truth, Value, read_number
from escalon.protocol import Study, load_study

FOLDER = Path(__file__).parents[2] / "spec" / "criteria"
PAGES = sorted(FOLDER.glob("*.md"))
SCREENING, CONSENT = Day.parse("2025-03-14"), Day.parse("2025-03-10")
WORDS: dict[Truth, str] = {True: "met", False: "not met", None: "unknown"}
SHORT = {
    "MTX12": "methotrexate for at least 12 weeks before screening",
    "MTX4": "methotrexate dose 7.5 to 25 mg/week for at least 4 weeks before screening",
    "HCQ": "hydroxychloroquine stable dose up to 400 mg/day for at least 4 weeks before screening",
}
FACT = re.compile(
    r"(?P<name>[\w.]+)(?: (?P<value>(?!on\b|undated\b)\S+))?(?: (?P<unit>(?!on\b|undated\b)\S+))?"
    r" (?:on (?P<day>[\d-]+)|undated)"
    r"(?: to (?P<until>[\d-]+)| (?P<ongoing>ongoing)| (?P<open>end unknown))?(?: uln (?P<uln>\S+))?"
)


def _rows() -> list[tuple[str, ...]]:
    return [
        (page.stem, *(cell.strip() for cell in line.strip().strip("|").split("|")))
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if re.match(r"\| \d+ \|", line)
    ]


ROWS = _rows()


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study("nct07052565")


def fact_of(text: str) -> Fact:
    """A fact as the tables write it."""
    found = FACT.fullmatch(text)
    assert found, f"{text!r} is not written as a fact"
    day, until = (Day.parse(found[key]) if found[key] else None for key in ("day", "until"))
    uln = read_number(found["uln"]) if found["uln"] else None
    return Fact(
        found["name"], _value(found["value"]), day, found["unit"], upper=uln, until=until,
        ongoing=bool(found["ongoing"]), end_unknown=bool(found["open"]),
    )  # fmt: skip


def _value(text: str | None) -> Value:
    if text in (None, "?"):
        return True if text is None else None
    if text in ("yes", "no"):
        return text == "yes"
    return read_number(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_every_row_of_the_tables_is_decided_as_it_says(study: Study, row: tuple[str, ...]) -> None:
    _, _, criterion, facts, as_of, verdict, why = row
    day = Day.parse(as_of)
    known = Facts(fact_of(one.strip()) for one in facts.split(";") if one.strip())
    anchors = {
        "screening": AnchorDay(SCREENING, Day.parse("2025-02-14"), day),
        "consent": AnchorDay(CONSENT, CONSENT, CONSENT),
        "infusion": AnchorDay(None),
    }
    text = SHORT.get(criterion, criterion.strip("`"))
    finding = examine(parse(text), Situation(known, day, anchors, study.vocabulary))
    assert WORDS[finding.value] == verdict  # type: ignore[index]
    assert why
    assert (finding.value is None) == bool(finding.missing), "an unknown verdict says what would settle it"


def test_the_tables_have_their_rows() -> None:
    counts = {page.stem: [int(row[1]) for row in ROWS if row[0] == page.stem] for page in PAGES}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in counts.values())
    assert {name: len(numbers) for name, numbers in counts.items()} == {
        "connectives": 15, "exposure": 31, "history": 46, "values": 64,
    }  # fmt: skip


@pytest.mark.parametrize("row", [row for row in ROWS if row[4]], ids=lambda row: f"{row[0]} {row[1]}")
def test_the_order_in_which_facts_are_written_changes_nothing(study: Study, row: tuple[str, ...]) -> None:
    known = [fact_of(one.strip()) for one in row[3].split(";") if one.strip()]
    tree, day = parse(SHORT.get(row[2], row[2].strip("`"))), Day.parse(row[4])
    anchors = {
        "screening": AnchorDay(SCREENING, Day.parse("2025-02-14"), day),
        "consent": AnchorDay(CONSENT, CONSENT, CONSENT),
    }
    both = [examine(tree, Situation(Facts(some), day, anchors, study.vocabulary)) for some in (known, known[::-1])]
    assert both[0] == both[1]
