"""Escalon: an executable protocol for early-phase cell-therapy trials.

Not a medical device. What it concludes is for qualified people to check and sign.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

_FACE = {
    "load_study": "protocol",
    "take_in": "sources.folder",
    "screen": "conduct.judge.screening",
    "decide_next_dose": "conduct.judge.dosing",
    "explain": "conduct.judge.explaining",
    "trial_report": "reporting.trial",
    "assess": "instruments",
    "catalogue": "instruments",
    "next_dose": "escalation",
    "three_plus_three": "escalation",
    "noncompartmental": "kinetics",
}
"""What a notebook begins with, and where it is; each is loaded when it is first asked for."""


def __getattr__(name: str) -> Any:
    """A function of the public face, or the version, which only the installed package knows."""
    if name in _FACE:
        return getattr(import_module(f"escalon.{_FACE[name]}"), name)
    if name != "__version__":
        raise AttributeError(f"module 'escalon' has no attribute {name!r}. It has {', '.join(_FACE)}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("escalon")
    except PackageNotFoundError:  # a source tree that was never installed
        found = "0+unknown"
    globals()["__version__"] = found  # every entry of a casebook names it, so it is looked up once
    return found


def __dir__() -> list[str]:
    return [*_FACE, "__version__"]
