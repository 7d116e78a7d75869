"""Was every act allowed: the entries replayed through authority, sequence and holds as they stood, each that broke one named.

The chain shows that nothing was changed; this shows that what was recorded was let in by the rules, and not past them. Who
holds the signing key and obeys the rules cannot be told apart from the people it names (docs/casebook.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import escalon.conduct.permit.corrections  # noqa: F401  (every rule is declared)
from escalon.conduct.permit.act import Act, broken_rules
from escalon.conduct.permit.authority import ALLOWED, acts_of, authorise
from escalon.conduct.permit.overrides import check_override
from escalon.conduct.permit.refusal import Broken, Refused
from escalon.history import Entry, Trial
from escalon.history.events import Event, OverrideSigned, SecretSet, Signed
from escalon.protocol.study import Study
from escalon.sources.frame import frame_of

SOFTWARE = "software"
"""The role of entries that the software makes as a consequence of something else."""


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """An entry that the rules, as they stood, would have refused."""

    entry: Entry
    broken: tuple[Broken, ...]

    def __str__(self) -> str:
        said = "; ".join(f"{one.says} [{one.rule}]" for one in self.broken)
        return f"entry {self.entry.number} ({self.entry.author.person}: {self.entry.event.what}): {said}"


def not_allowed(study: Study, entries: Iterable[Entry]) -> Iterator[NotAllowed]:
    """Every entry that a rule would have refused when it was recorded, in order."""
    trial = Trial(frame_of(study))
    kept: dict[int, Entry] = {}
    for entry in entries:
        kept[entry.number] = entry
        if broken := tuple(_broken(study, trial, kept, entry)):
            yield NotAllowed(entry, broken)
        trial.apply(entry)


def _broken(study: Study, trial: Trial, kept: dict[int, Entry], entry: Entry) -> Iterator[Broken]:
    event, author = entry.event, entry.author
    own = isinstance(event, SecretSet) and event.account == author.person  # changed with the old one known
    if author.role == SOFTWARE or own or entry.at is None:
        return
    try:
        for name in acts_of(event):
            if name in ALLOWED:
                authorise(trial.people.get(author.person), author, name, _site_of(trial, event))
    except Refused as refused:
        yield from refused.broken
    if event.supersedes is not None and event.supersedes not in kept:
        yield Broken("correction", f"there is no entry {event.supersedes} to change")
        return
    if author.origin.startswith("import:") or isinstance(event, Signed):
        yield from _twice(trial, entry)
        return
    act = Act(replace(event, override=None), author, trial, study, entry.at, kept.__getitem__, _known)
    broken = tuple(broken_rules(act))
    if broken and event.override is None:
        yield from broken
    elif broken and event.override is not None:
        try:
            check_override(trial, event, event.override, broken)
        except Refused as refused:
            yield from refused.broken


def _known(codes: tuple[str, ...]) -> None:
    """The replayed trial holds every fact already."""


def _twice(trial: Trial, entry: Entry) -> Iterator[Broken]:
    """A signature under an override that its own author gave as the only signer is caught where the override is used."""
    if isinstance(entry.event, OverrideSigned) and entry.event.given not in trial.overrides:
        yield Broken("signature", f"entry {entry.event.given} is not an override")


def _site_of(trial: Trial, event: Event) -> str | None:
    course = trial.courses.get(event.participant or "")
    return (course.site or None) if course else getattr(event, "site", None)
