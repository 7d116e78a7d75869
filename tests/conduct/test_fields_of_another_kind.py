"""An event made in Python with a value of another kind is refused by the name of its field, never with a sentence of Python."""

import pytest

from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.recording import check_readable
from escalon.facts import Day
from escalon.history.events import AdverseEventRecorded, CellsInfused, FactRecorded
from escalon.protocol import load_study
from escalon.sources.observed import Dictionary

NAUSEA = {"participant": "P01", "term": "Nausea", "grade": 1}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (AdverseEventRecorded(**NAUSEA, start="yes", end=Day.parse("2025-01-01")), "start is 'yes', and takes Day"),
        (AdverseEventRecorded(**NAUSEA, aware=3), "aware is 3, and takes Day"),
        (CellsInfused(participant="P01", level=1, on="2025"), "on is '2025', and takes Day"),
        (FactRecorded(participant="P01", fact="x"), "fact is 'x', and takes Observation"),
    ],
)
def test_the_field_is_named(event, said):
    with pytest.raises(Refused) as refused:
        check_readable(Dictionary(load_study("nct07052565")), event)
    assert said in str(refused.value)
    assert "object" not in str(refused.value)
