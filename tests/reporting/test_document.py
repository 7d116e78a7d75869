"""The document model: every cell has a name, nothing is blank, no name is given twice."""

import pytest

from escalon.reporting.document import Beside, Cell, Document, Figure, Ground, Head, Section, Table, TableRow, Text

GROUND = Ground("P07", "crs", "2025-05-20", "3", "adverse_events.csv:16")
TABLE = Table(
    "T4-1",
    "Dose levels",
    (Head("level", "level"), Head("dlt", "DLT", right=True)),
    (TableRow("2", (Cell("2 medium"), Cell("1", 1, (GROUND,)))),),
)


def test_a_cell_is_found_by_table_row_and_column_wherever_the_table_stands():
    figure = Figure("F4-1", "Path", "<svg/>", "One person at level 2 with a DLT")
    document = Document(
        "NCT07052565",
        "CAR-T",
        "v1",
        "packet",
        "2025-06-22",
        True,
        (Section("4", "Doses", (Beside((figure, TABLE), (1, 1)),)),),
    )
    assert document.cell("T4-1/2/dlt") == Cell("1", 1, (GROUND,))
    assert document.cell("T4-1/3/dlt") is None
    assert [one.id for one in document.tables()] == ["T4-1"]
    assert [one.id for one in document.figures()] == ["F4-1"]
    assert document.mark.startswith("SYNTHETIC")


def test_a_cell_is_never_blank():
    with pytest.raises(ValueError, match="never blank"):
        Cell(" ")


def test_a_ground_says_who_what_when_and_where_it_was_recorded():
    assert str(GROUND) == "P07: crs 3 on 2025-05-20 [adverse_events.csv:16]"


def test_two_rows_of_one_name_or_a_row_too_short_are_refused():
    with pytest.raises(ValueError, match="T4-1: two rows are called 2"):
        Table("T4-1", "Dose levels", TABLE.columns, TABLE.rows * 2)
    with pytest.raises(ValueError, match="T4-1/2: 1 cells in 2 columns"):
        Table("T4-1", "Dose levels", TABLE.columns, (TableRow("2", (Cell("2"),)),))


def test_a_section_knows_how_deep_it_stands():
    assert [Section(number, "", (Text("x"),)).depth for number in ("6", "6.1")] == [1, 2]
