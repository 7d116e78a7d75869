"""Tables of cells in blood: the rule they are given is the rule they show."""

from escalon.kinetics import AplasiaRule, Limits, profile
from escalon.reporting.sections.kinetics import aplasia

COUNTS = profile([-3, 14, 60, 120, 150], [120, 20, 20, 60, 75], Limits("/uL", 1), "S01", "cd19_b_cells")


def test_aplasia_is_judged_by_the_rule_given_and_by_the_usual_one_without():
    usual, wider = aplasia([COUNTS]), aplasia([COUNTS], AplasiaRule(30, 50))
    assert aplasia([COUNTS], AplasiaRule()) == usual != wider
    [row] = wider.rows
    assert row.participant == "S01"
    assert [cell.text for cell in row.cells][2:5:2] == ["14", "120"]
