"""The study's side of a history: its roles, the zone of its days, and its dictionary as a reader."""

from datetime import UTC, tzinfo
from functools import partial
from typing import get_args
from zoneinfo import ZoneInfo

from escalon.facts import Day
from escalon.history import Frame, Trial
from escalon.history.events import Observation
from escalon.protocol.study import RoleName, Study
from escalon.sources.observed import Dictionary


def frame_of(study: Study) -> Frame:
    """What folding a history of this study needs to know."""
    return Frame(zone_of(study), roles_of(study), Dictionary(study).fact, partial(_stated, study))


def _stated(study: Study, role: RoleName, day: Day, until: Day | None) -> Observation | None:
    """A step in the study's own words: the day itself where its fact is a date, else yes on that day."""
    name = study.roles.of(role)
    if name is None:
        return None
    is_date = name in study.vocabulary and study.vocabulary[name].kind == "date"
    return Observation(
        name=name,
        value=str(day) if is_date else "yes",
        day=str(day),
        until=str(until) if until and not is_date else None,
    )


def another_text(study: Study, trial: Trial) -> str:
    """That the record is kept under another text of the study than this, whatever reading is in force; else empty."""
    kept, version = trial.kept_under, study.version.partition("+")[0]
    if kept in (None, version):
        return ""
    said = f"the record is kept under version {kept} of the study, and read here under {version}"
    return f"{said}. Adopt the change: escalon casebook amend"


def zone_of(study: Study) -> tzinfo:
    """The zone in which the study's days are counted."""
    return ZoneInfo(study.zone) if study.zone else UTC


def roles_of(study: Study) -> dict[str, str]:
    """The fact or treatment that stands for each step the study names."""
    return {role: name for role in get_args(RoleName) if (name := study.roles.of(role)) is not None}
