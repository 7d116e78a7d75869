"""The five states of an answer are kept from the page to the export: known, not known, not done, not applicable, a limit."""

import pytest

from escalon.facts import Interval
from escalon.history.events import Observation
from escalon.protocol import load_study
from escalon.sources.as_rows import tables_of
from escalon.sources.folder import take_in
from escalon.sources.observed import Dictionary, RowError

STUDY = load_study("nct07052565")
DICTIONARY = Dictionary(STUDY)


def said(value, **more):
    unit = "mm/h" if value and value[0] in "<>0123456789" else None
    return Observation(name="esr", value=value, unit=unit, day="2026-03-01", visit="D28", **more)


@pytest.mark.parametrize(
    ("value", "state", "read", "why"),
    [
        ("22", "known", 22, ""),
        ("not known", "not known", None, ""),
        (None, "not known", None, ""),
        ("not done", "not done", None, "not done"),
        ("not applicable", "not applicable", None, "not applicable"),
        ("<5", "below a limit", Interval(0, 5, False, True), ""),
        (">150", "above a limit", Interval(150, 300, True, False), ""),
    ],
)
def test_every_state_is_told_apart_and_none_but_a_value_counts(value, state, read, why):
    seen = said(value)
    assert seen.state == state
    fact = DICTIONARY.fact("P01", seen, "casebook:9")
    assert fact.why == why
    if isinstance(read, Interval):
        assert isinstance(fact.value, Interval)
    else:
        assert fact.value == read


def test_the_reason_is_said_with_the_state():
    fact = DICTIONARY.fact("P01", said("not done", why="haemolysed"), "casebook:9")
    assert str(fact) == "esr not done, haemolysed on 2026-03-01"


def test_an_attested_absence_says_so_in_its_source_and_a_finding_cannot_be_attested():
    absent = Observation(name="sledai_2k.seizure", value="no", day="2026-03-01", visit="D28", attested=True)
    assert DICTIONARY.fact("P01", absent, "casebook:9").source == "casebook:9 (stated for all unmarked)"
    with pytest.raises(RowError, match="Only «no» or 0"):
        DICTIONARY.fact("P01", Observation(name="sledai_2k.seizure", value="yes", day="2026-03-01", attested=True), "")


def test_what_is_exported_reads_back_with_why_and_attested(tmp_path):
    rows = [
        "P01,esr,not done,2026-03-01,D28,clotted,,",
        "P01,sledai_2k.seizure,no,2026-03-01,D28,,yes,2026-03-01T09:41:00.000000Z",
    ]
    (tmp_path / "facts.csv").write_text(
        "participant,fact,value,date,visit,why,attested,typed\n" + "\n".join(rows) + "\n"
    )
    written = tables_of(take_in(STUDY, tmp_path).trial)["facts"]
    columns = "participant fact value date visit why attested typed".split()
    assert [",".join(one.get(name, "") for name in columns) for one in written] == rows
