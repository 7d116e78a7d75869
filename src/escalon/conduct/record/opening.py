"""A casebook opened for work, under the study that is in force in it."""

from pathlib import Path

from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import settings_of
from escalon.conduct.record.recording import Conduct
from escalon.protocol import load_study


def open_conduct(casebook: Casebook, folder: Path, *, amending: bool = False) -> Conduct:
    """The conduct of a casebook under its study; a study folder that is not the version in force is refused.

    `amending` takes the folder as it is: for accounts and amendments, which no rule of the study bears on.
    """
    study = load_study(settings_of(folder).get("study") or casebook.study.split(" ")[0])
    in_force = casebook.study
    if not amending and in_force != f"{study.id} {study.version}":
        raise CasebookError(
            f"the casebook works under {in_force}, but the study folder is {study.id} {study.version}. "
            f"Adopt the change first: escalon casebook amend {folder}"
        )
    return Conduct(casebook, study)
