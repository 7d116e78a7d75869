"""The study under another reading of its record: an assumption's alternative put in force."""

from collections.abc import Iterable

from escalon.protocol.errors import StudyError
from escalon.protocol.load import load_study
from escalon.protocol.study import Reading, Study


def under(study: Study, assumption: str, number: int = 1) -> Study:
    """The study as its folder reads with an assumption's alternative (numbered from 1). Raises KeyError or ValueError.

    The version says which reading is in force, so that a result under it is never taken for one of the study as signed.
    """
    study.assumption(assumption).alternative(number)
    return _under(study, [(assumption, number)])


def with_readings(study: Study, chosen: Iterable[str]) -> Study:
    """The study under alternatives as a command line names them: `Q-SS-TP=or`, `Q-SLE-2=2`. Raises ValueError."""
    readings: list[Reading] = []
    for text in chosen:
        name, _, choice = (part.strip() for part in text.partition("="))
        try:
            found = study.assumption(name)
        except KeyError as error:
            raise ValueError(f"{error.args[0]}. `escalon study show {study.id} -s assumptions` lists them") from None
        if number := found.number_of(choice):
            found.alternative(number)
            readings.append((name, number))
    return _under(study, readings)


def _under(study: Study, readings: list[Reading]) -> Study:
    """The folder read once more, and refused if it is no longer what the study was made of."""
    if not readings:
        return study
    try:
        found = load_study(study.folder, (*study.readings, *readings))
    except StudyError as error:
        named = ", ".join(f"alternative {number} of {name}" for name, number in readings)
        raise ValueError(f"{named} cannot be put in force: {error.problems[0].what}") from None
    if found.version.partition("+")[0] != study.version.partition("+")[0]:
        raise ValueError(f"the folder {study.folder} was changed since it was read. Read it again")
    return found
