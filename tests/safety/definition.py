"""The definition of dose limitation of the bundled study."""

from escalon.protocol import load_study
from escalon.safety.dlt_definition import DltDefinition, definition_of


def study_definition() -> DltDefinition:
    """The usual list of CAR-T trials with a window of 28 days, as NCT07052565 states it."""
    stated = load_study("nct07052565").dlt
    assert stated is not None
    return definition_of(stated.events, 28, stated.excluded, confirmed=stated.confirmed)
