"""A short stretch of the fuzzing campaign; `make fuzz` runs 10,000 cases."""

import pytest

from tests.fuzz.campaign import campaign


@pytest.mark.slow
def test_damaged_files_give_a_clear_error_or_an_answer_whose_rows_add_up(tmp_path):
    tally = {}
    for _, seen in campaign(80, tmp_path):
        tally = dict(seen)
    assert sum(tally.values()) == 80
    assert sum(number for what, number in tally.items() if what.startswith("data: answered")) > 10
