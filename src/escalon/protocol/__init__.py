"""What should happen: a study folder as a frozen `Study`, its gaps, and what implements each clause of the record."""

from typing import TYPE_CHECKING, Any

from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.study import (
    Alternative,
    Anchor,
    Arm,
    Assumption,
    Criterion,
    Disease,
    DltDefinition,
    DltEvent,
    DosePlan,
    Endpoint,
    FactDefinition,
    Level,
    Location,
    Lymphodepletion,
    Period,
    Regimen,
    Said,
    Statement,
    Study,
    Visit,
)

if TYPE_CHECKING:
    from escalon.protocol.folder import bundled_studies
    from escalon.protocol.load import load_study

__all__ = [
    "Alternative",
    "Anchor",
    "Arm",
    "Assumption",
    "Criterion",
    "Disease",
    "DltDefinition",
    "DltEvent",
    "DosePlan",
    "Endpoint",
    "FactDefinition",
    "Level",
    "Location",
    "Lymphodepletion",
    "Period",
    "Problem",
    "Regimen",
    "Said",
    "Statement",
    "Study",
    "StudyError",
    "Visit",
    "bundled_studies",
    "load_study",
]


def __getattr__(name: str) -> Any:
    """Load what reads files only when it is asked for, so that importing this stays quick."""
    if name == "load_study":
        from escalon.protocol.load import load_study

        return load_study
    if name == "bundled_studies":
        from escalon.protocol.folder import bundled_studies

        return bundled_studies
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
