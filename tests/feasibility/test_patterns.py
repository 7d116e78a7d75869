"""What a reader could work out of counts shown together, on hospitals small enough to be counted by hand."""

from types import SimpleNamespace

import pytest

from escalon.feasibility.counting import MET, NOT_MET, UNKNOWN
from escalon.feasibility.patterns import is_worked_out

VERDICTS = (MET, NOT_MET, UNKNOWN)

# one clause: of 20 people 17 are excluded, so the other 3 are undecided or eligible: 0, 1, 2 or 3 of each
TOLD = {"people": 20, "excluded": 17}


@pytest.mark.parametrize(("width", "worked_out"), [(4, False), (5, True)])
def test_a_small_count_is_worked_out_where_fewer_numbers_are_left(width: int, worked_out: bool) -> None:
    assert is_worked_out(["RA"], [VERDICTS], TOLD, {}, ["undecided"], width) is worked_out


def test_what_nothing_bounds_is_not_worked_out() -> None:
    assert is_worked_out(["RA"], [VERDICTS], {"excluded": 17}, {}, ["eligible"], 5) is False


def test_a_programme_that_does_not_tell_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scipy.optimize.linprog", lambda *_, **__: SimpleNamespace(status=4, fun=None))
    assert is_worked_out(["RA"], [VERDICTS], TOLD, {}, ["undecided"], 4) is True
