"""Signatures under a study's assumptions, kept in its folder: who chose which reading, on what day, of which words."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from escalon.facts.whole import alone_in, whole_file
from escalon.protocol.clauses import AS_ASSUMED, Assumption
from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.folder import find_folder, is_bundled
from escalon.protocol.load import load_study
from escalon.protocol.readings import under
from escalon.protocol.study import Study
from escalon.protocol.toml_lines import toml_string

FILE = "answers.toml"
_HEAD = """# Signatures under the assumptions of this study, oldest first; of several under one, the last counts. An
# alternative that is chosen here is in force. `digest` is of the words that stood there: changed words
# want a new signature.
"""


def sign(folder: str | Path, ids: Iterable[str], by: str, on: date, reading: str = AS_ASSUMED) -> Study:
    """Write signatures under assumptions into a folder, and read it again with the chosen reading in force.

    Raises ValueError: no such assumption, a reading that nothing can put in force, a folder that comes with Escalon.
    """
    study = load_study(folder)
    if not by.strip():
        raise ValueError("who signs? Write --by with a name, such as 'Li Na, principal investigator'")
    place = find_folder(folder)
    if is_bundled(place):
        raise ValueError(
            f"{study.id} comes with Escalon and is signed in a copy of your own: escalon study new FOLDER --from {study.id}, "
            "then sign FOLDER; or in its casebook: escalon casebook sign BOOK AssumptionSigned assumption=Q-…"
        )
    entries = [_entry(study, _known(study, id), by.strip(), on, reading) for id in ids]
    _add(place / FILE, "".join(entries))
    return load_study(folder)


def _known(study: Study, id: str) -> Assumption:
    try:
        return study.assumption(id)
    except KeyError:
        known = ", ".join(one.id for one in study.assumptions) or "none"
        raise ValueError(f"{study.id} has no assumption {id!r}. There are: {known}") from None


def _entry(study: Study, one: Assumption, by: str, on: date, reading: str) -> str:
    """One signature as TOML, after the chosen reading has been put in force once."""
    number = one.number_of(reading)
    if number:
        under(study, one.id, number)
    name = one.alternatives[number - 1].name or str(number) if number else AS_ASSUMED
    said = {"assumption": one.id, "reading": name, "by": by}
    lines = [f"{key:<10} = {_quoted(value)}" for key, value in said.items()]
    return "\n".join(["\n[[answer]]", *lines, f"{'on':<10} = {on}", f"{'digest':<10} = {_quoted(one.digest)}", ""])


def _quoted(text: str) -> str:
    if any(ord(letter) < 32 for letter in text):
        raise ValueError(f"{text!r} is more than one line. Write a name on one")
    return toml_string(text)


def _add(path: Path, entries: str) -> None:
    """Added by one at a time, and whole, so that each signature is there or is not."""
    try:
        with alone_in(path.parent), whole_file(path) as written:
            before = path.read_text(encoding="utf-8") if path.exists() else _HEAD
            written.write_text(before + entries, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StudyError([Problem(path.name, 1, f"cannot be written: {error.strerror}")]) from None
