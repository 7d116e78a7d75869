"""What the dictionary says a fact may hold."""

import pytest

from escalon.protocol import load_study
from escalon.sources.dictionary import fact_rows


@pytest.fixture(scope="module")
def rows():
    study = load_study("nct07052565")
    return study, {row["name"]: row for row in fact_rows(study)}


def test_a_number_says_its_range_and_whether_it_is_whole(rows):
    study, by_name = rows
    numbers = [one for one in study.vocabulary.values() if one.kind in ("number", "integer")]
    assert len(numbers) > 10
    for one in numbers:
        said = by_name[one.name]["accepted"]
        assert said.startswith("whole number" if one.kind == "integer" else "number")
        assert ("–" in said) == (one.low is not None and one.high is not None)
    assert any("–" in by_name[one.name]["accepted"] for one in numbers)


def test_a_label_says_its_choices(rows):
    study, by_name = rows
    for one in study.vocabulary.values():
        if one.kind == "label" and one.choices:
            assert by_name[one.name]["accepted"] == " / ".join(one.choices)
