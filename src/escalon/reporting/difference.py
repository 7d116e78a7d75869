"""Two runs of a report compared, cell by cell, each change with its reason: never two lists of numbers to be held side by side.

A cell is known by its name, not its place. It may change because something was recorded that was not before (new data), what
was recorded was corrected, a window closed as the cut-off moved on, the study folder or the software changed. A change that
none of these explains is an error of the software, and is named first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from escalon.facts import together
from escalon.reporting.results import names_in


class Because(StrEnum):
    """Why a cell says something else than before."""

    UNEXPLAINED = "unexplained"
    NEW_DATA = "new data"
    CORRECTED = "corrected fact"
    WINDOW = "later window closed"
    STUDY = "study version"
    SOFTWARE = "software"


@dataclass(frozen=True, slots=True)
class CellChange:
    """A cell that says something else: before, after (empty where it was not there), why, and what shows it."""

    name: str
    before: str
    after: str
    because: Because
    shown_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The change for scripts."""
        return {
            "name": self.name, "before": self.before, "after": self.after, "because": self.because.value,
            "shown_by": list(self.shown_by),
        }  # fmt: skip

    def __str__(self) -> str:
        more = f"; and {len(self.shown_by) - SHOWN} more" if len(self.shown_by) > SHOWN else ""
        shown = f" ({'; '.join(self.shown_by[:SHOWN])}{more})" if self.shown_by else ""
        return f"{self.name}: {self.before or 'not there'} → {self.after or 'not there'}, {self.because}{shown}"


SHOWN = 3
Key = tuple[str, str, str]
"""What a recorded thing is of, name and day: its value may be corrected."""
Recorded = Mapping[Key, frozenset[str]]
"""What each is said to be: one row is a drug that was given (`yes`) in one table, and its dose in another."""


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[CellChange]:
    """Every cell and statistic that changed, the unexplained first. Raises ValueError for results that are not comparable."""
    for one in (old, new):
        if not isinstance(one, Mapping) or not {"cells", "statistics", "grounds", "study"} <= set(one):
            raise ValueError("this is no results.json of `escalon report`. Name the file that a run has written")
    if old["study"] != new["study"]:
        raise ValueError(f"{old['study']} and {new['study']} are different studies: their results cannot be compared")
    runs = _Run(old), _Run(new)
    found = {change.name: change for change in _changed(*runs, "statistics")}
    of_row = {_row(name): change for name, change in found.items() if change.because is not Because.UNEXPLAINED}
    for change in _changed(
        *runs, "cells"
    ):  # what a cell counts without a record beneath it stands beneath its row's numbers
        told = of_row.get(_row(change.name)) if change.because is Because.UNEXPLAINED else None
        found[change.name] = replace(change, because=told.because, shown_by=told.shown_by) if told else change
    return sorted(found.values(), key=lambda one: (one.because is not Because.UNEXPLAINED, one.name))


def _row(name: str) -> str:
    return name.rpartition("/")[0]


class _Run:
    """One run's results, with everything recorded beneath them."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self.results = results
        self.everything = self.recorded(results["grounds"])

    def recorded(self, names: Iterable[str]) -> Recorded:
        """The recorded things of some names: those with a place; what only says how somebody stands has none."""
        known = [ground for name in names if (ground := self.results["grounds"].get(name, {})).get("place")]
        found = together((_key(ground), ground.get("value", "")) for ground in known)
        return {key: frozenset(values) for key, values in found.items()}

    def said(self, names: Iterable[str]) -> set[str]:
        """How people stand, in words."""
        known = [ground for name in names if not (ground := self.results["grounds"].get(name, {})).get("place")]
        return {" ".join(filter(None, (one.get("participant"), one.get("name"), one.get("value")))) for one in known}

    def beneath(self, one: Mapping[str, Any]) -> list[str]:
        """The names of what a cell or a statistic rests on."""
        names = list(names_in(self.results, one))
        for cell in names_in(self.results, one, "rests_on"):
            names += names_in(self.results, self.results.get("at_visits", {}).get(cell, {}))
        return list(dict.fromkeys(names))

    def __getitem__(self, key: str) -> Any:
        return self.results[key]


def _key(ground: Mapping[str, str]) -> Key:
    return ground.get("participant", ""), ground.get("name", ""), ground.get("day", "")


def _changed(old: _Run, new: _Run, where: str) -> Iterator[CellChange]:
    for name in dict.fromkeys((*old[where], *new[where])):
        before, after = old[where].get(name, {}), new[where].get(name, {})
        if before.get("value") == after.get("value") and before.get("text") == after.get("text"):
            continue
        because, shown = _because(old, new, before, after)
        is_moved = name.endswith("/place") and "" not in (_shown(before), _shown(after))  # the row, to another line
        is_layout = "value" in before and before.get("value") == after.get("value") and because is Because.UNEXPLAINED
        if not is_layout and not is_moved:  # the same number with other digits, because others in its table have more
            yield CellChange(name, _shown(before), _shown(after), because, shown)


def _shown(one: Mapping[str, Any]) -> str:
    return str(one.get("text", one.get("number", one.get("value", ""))))


def _because(
    old: _Run, new: _Run, before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Because, tuple[str, ...]]:
    """The first reason that holds: what was recorded, the study, the software, the cut-off, how somebody stands."""
    names = old.beneath(before), new.beneath(after)
    had, has = old.recorded(names[0]), new.recorded(names[1])
    if corrected := [*_corrections(had, new.everything, had), *_corrections(old.everything, has, has)]:
        return Because.CORRECTED, tuple(dict.fromkeys(corrected))
    if added := [f"{' '.join(key)} {_said(value)}" for key, value in has.items() if key not in old.everything]:
        return Because.NEW_DATA, tuple(added)
    gone = [
        f"{' '.join(key)} {_said(value)} is no longer there" for key, value in had.items() if key not in new.everything
    ]
    days = [run["cutoff"].partition(",")[0] for run in (old, new)]  # without by when it was recorded
    if gone and days == sorted(days) and old["input"] != new["input"]:
        return Because.CORRECTED, tuple(gone)
    for key, because in (("version", Because.STUDY), ("software", Because.SOFTWARE)):
        if old[key] != new[key]:
            return because, (f"{old[key]} → {new[key]}",)
    if old["cutoff"] != new["cutoff"]:
        return Because.WINDOW, (f"cut-off {old['cutoff']} → {new['cutoff']}",)
    stands = new.said(names[1]) ^ old.said(names[0])
    if old["input"] != new["input"] and (stands or not (had or has) or had != has):
        return Because.NEW_DATA, tuple(sorted(stands)) or ("what was read changed",)
    if old["input"] == new["input"]:
        return Because.UNEXPLAINED, ()
    counted = [set(names_in(run.results, one, "rests_on")) for run, one in ((old, before), (new, after))]
    if gone := sorted(counted[0] - counted[1]):
        return Because.CORRECTED, tuple(f"{name} is no longer counted" for name in gone)
    if added := sorted(counted[1] - counted[0]):
        return Because.NEW_DATA, tuple(f"{name} is counted" for name in added)
    return _of_their_doses(old, new, {key[0] for key in (*had, *has)})


def _of_their_doses(old: _Run, new: _Run, people: set[str]) -> tuple[Because, tuple[str, ...]]:
    """What changed in the doses of the people a cell is about: every day of theirs is counted from the infusion."""
    had, has = (
        {key: value for key, value in run.everything.items() if key[0] in people and key[1].startswith("infusion")}
        for run in (old, new)
    )
    added = [f"{' '.join(key)} {_said(value)}" for key, value in has.items() if key not in had]
    gone = [f"{' '.join(key)} {_said(value)} is no longer there" for key, value in had.items() if key not in has]
    changed = [*_corrections(had, has, had), *_corrections(had, has, has)]
    if told := (*dict.fromkeys(changed), *gone):
        return Because.CORRECTED, told
    return (Because.NEW_DATA, tuple(added)) if added else (Because.UNEXPLAINED, ())


def _corrections(had: Recorded, has: Recorded, read: Recorded) -> list[str]:
    """What is recorded under the same name and day, and says something else; `read` is the one that may say less."""
    changed = [key for key in had if key in has and read[key] != had[key] & has[key]]
    return [f"{' '.join(key)}: {_said(had[key])} → {_said(has[key])}" for key in changed]


def _said(values: Iterable[str]) -> str:
    return " and ".join(sorted(values))
