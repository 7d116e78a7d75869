"""What should happen: a study folder as a frozen `Study`, its gaps, and what implements each clause of the record."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from escalon.protocol.errors import Problem, StudyError

if TYPE_CHECKING:
    from escalon.protocol.dlt_window import WindowDays, dlt_window
    from escalon.protocol.folder import bundled_studies
    from escalon.protocol.load import load_study
    from escalon.protocol.study import FactDefinition, Study

__all__ = [
    "FactDefinition",
    "Problem",
    "Study",
    "StudyError",
    "WindowDays",
    "bundled_studies",
    "dlt_window",
    "load_study",
]

_WHERE = {
    "FactDefinition": "study", "Study": "study", "WindowDays": "dlt_window", "bundled_studies": "folder",
    "dlt_window": "dlt_window", "load_study": "load",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load what reads files, and pydantic with it, only when it is asked for, so that importing this stays quick."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"escalon.protocol.{_WHERE[name]}"), name)
