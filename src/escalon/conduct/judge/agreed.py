"""Who has signed how the study reads its record: beside the study folder, or in the casebook."""

from collections.abc import Iterator
from dataclasses import dataclass

from escalon.history import Trial
from escalon.history.events import AssumptionSigned
from escalon.protocol import Study


@dataclass(frozen=True, slots=True)
class Agreed:
    """A signature under an assumption's present words: the reading, who, on what day, and where it stands."""

    assumption: str
    reading: str
    by: str
    on: str
    where: str
    entry: int | None = None


def agreed(study: Study, trial: Trial) -> dict[str, Agreed]:
    """The signature under each assumption that has one; a casebook's, which is bound to an account, before a file's."""
    return {one.assumption: one for one in (*_beside_the_folder(study), *_in_the_casebook(study, trial))}


def _beside_the_folder(study: Study) -> Iterator[Agreed]:
    for id, one in study.signed.items():
        yield Agreed(id, study.in_force(id), one.by, str(one.on), one.place.file)


def _in_the_casebook(study: Study, trial: Trial) -> Iterator[Agreed]:
    """A signature in the casebook is under what is in force: as assumed, unless an answer of the folder chose."""
    digests = {one.id: one.digest for one in study.assumptions}
    for entry in trial.about(()):  # a signature is about nobody: no fact of anybody is made to find it
        match entry.event:
            case AssumptionSigned(assumption=id, digest=under, printed_name=name) if digests.get(id) == under:
                day = f"{entry.at:%Y-%m-%d}" if entry.at else "an unknown day"
                yield Agreed(id, study.in_force(id), name, day, f"entry {entry.number}", entry.number)
