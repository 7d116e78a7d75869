"""Was every act allowed: the entries replayed through authority, sequence and holds as they stood, each that broke one named.

The chain shows that nothing was changed; this shows that what was recorded was let in by the rules, and not past them. Who
holds the signing key and obeys the rules cannot be told apart from the people it names (docs/casebook.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import escalon.conduct.permit.corrections  # noqa: F401  (every rule is declared)
from escalon.casebook.entry import Entry
from escalon.casebook.writer import LONGEST_PAUSE
from escalon.conduct.judge.departures import departures, digest_of_departures
from escalon.conduct.permit.act import Act, broken_rules
from escalon.conduct.permit.authority import BY_SOFTWARE
from escalon.conduct.permit.corrections import LIFTING, would_lift
from escalon.conduct.permit.overrides import check_override
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.conduct.record.accounts import check_account
from escalon.conduct.record.answered import answered
from escalon.conduct.record.importing import ROWS, check_departures, locked_visit
from escalon.conduct.record.recording import authorise_event, override_valid
from escalon.conduct.record.signing import assumption_digest, check_signature, digest_of_subject
from escalon.history import Entry as AnyEntry
from escalon.history import Trial
from escalon.history.current import renumbered
from escalon.history.entry import SYSTEM
from escalon.history.events import (
    AmendmentAdopted,
    AssumptionSigned,
    CellsInfused,
    ClockConfirmed,
    DecisionProposed,
    Event,
    FactRecorded,
    FolderImported,
    ParticipantScreened,
    SecretSet,
    Signed,
)
from escalon.protocol.study import Study
from escalon.sources.frame import frame_of

SOFTWARE, IMPORTED = "software", "import:"
"""The role of entries that the software makes as a consequence of something else; the way in of rows taken over."""

BY_ITSELF = BY_SOFTWARE | {"AccountOpened", "RoleGranted", "SecretSet", "CheckpointKeyChanged", "BackupMade"}
"""What the software records in its own name: the casebook's life, the first account, a recovery."""

UNREADABLE = Broken("record", "it cannot be taken into account, so nothing after it was asked")


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """An entry that the rules, as they stood, would have refused."""

    entry: Entry
    broken: tuple[Broken, ...]

    def __str__(self) -> str:
        said = "; ".join(f"{one.says} [{one.rule}]" for one in self.broken)
        return f"entry {self.entry.number} ({self.entry.author.person}: {self.entry.event.what}): {said}"


def not_allowed(study: Study, entries: Iterable[Entry], amended: Iterable[Entry] = ()) -> Iterator[NotAllowed]:
    """Every entry that a rule would have refused when it was recorded, in order.

    `amended` are the amendments among them: levels are asked about by the numbers that the study's text now gives them.
    """
    replay, last = _Replay(study), [one for one in amended if isinstance(one.event, AmendmentAdopted)]
    for written in entries:
        entry = _as_numbered_now(written, last)
        if broken := tuple(replay.broken(entry)):
            yield NotAllowed(entry, broken)
        try:
            replay.trial.apply(entry)
        except (LookupError, ValueError, TypeError, AttributeError):
            yield NotAllowed(entry, (UNREADABLE,))
            return
    if replay.rows:
        yield NotAllowed(replay.rows[0], (NOT_IMPORTED,))


def _as_numbered_now(entry: Entry, amended: list[Entry]) -> Entry:
    event = replace(entry.event, renumbered=()) if isinstance(entry.event, AmendmentAdopted) else entry.event
    for one in amended:
        if one.number > entry.number:
            event = renumbered(event, one.event.numbers)  # type: ignore[attr-defined]
    return entry if event is entry.event else replace(entry, event=event)


NOT_IMPORTED = Broken("import", "it says that it was imported, and no import by its author follows")


class _Replay:
    """The trial as it stood before each entry, and the rows of an import that is not yet closed by its summary."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.trial = Trial(frame_of(study))
        self.valid = override_valid(study)
        self.rows: list[Entry] = []
        self.last: datetime | None = None

    def broken(self, entry: Entry) -> Iterator[Broken]:
        """Every rule that this entry broke when it was recorded."""
        yield from self._dated(entry)
        if entry.author.origin.startswith(IMPORTED):
            self.rows.append(entry)
            yield from _said(lambda: _row_may_be_taken(self.trial, entry))
            return
        if self.rows:
            yield from _said(lambda: self._imported(entry))
            self.rows = []
        yield from _said(lambda: self._may(entry))
        if isinstance(entry.event, Signed):
            yield from _said(lambda: self._signed(entry, entry.event))  # type: ignore[arg-type]
        if entry.author.role != SOFTWARE:
            yield from _said(lambda: self._obeys(entry))

    def _dated(self, entry: Entry) -> Iterator[Broken]:
        before, self.last = self.last, entry.at
        if before is None or before <= entry.at <= before + LONGEST_PAUSE or isinstance(entry.event, ClockConfirmed):
            return
        yield Broken("clock", f"it is dated {entry.at:%Y-%m-%d}, the entry before it {before:%Y-%m-%d}")

    def _may(self, entry: Entry) -> None:
        event, author = entry.event, entry.author
        check_account(self.trial.people, author, event)
        if author.role == SOFTWARE:
            if author.person != SYSTEM or event.kind not in BY_ITSELF:
                raise refuse("authority", f"the software does not record this by itself, nor as {author.person}")
        elif not (isinstance(event, SecretSet) and event.account == author.person):  # changed with the old one known
            authorise_event(self.trial, author, event, self.entry)

    def _obeys(self, entry: Entry) -> None:
        """The rules of sequence, under an override where one is named; and what the software adds was added."""
        event: Event = replace(entry.event, override=None) if entry.event.override else entry.event
        act = Act(event, entry.author, self.trial, self.study, entry.at, self.entry, _known)
        if not isinstance(event, FactRecorded) and self._same_study(entry):
            _as_found(act)
        broken = () if isinstance(event, FolderImported) else tuple(broken_rules(act))
        if broken and entry.event.override is None:
            raise Refused(*broken)
        if broken and entry.event.override is not None:
            check_override(
                self.trial, event, entry.event.override, broken, now=entry.at, valid=self.valid,
                tolerance=self.study.dose.tolerance,
            )  # fmt: skip

    def _signed(self, entry: Entry, signed: Signed) -> None:
        person = self.trial.people.get(entry.author.person)
        if person and person.must_change:
            raise refuse("password", f"{person.secret_set_by} set the password of {person.account}")
        if person and signed.printed_name != person.printed_name:
            raise refuse("signature", f"{person.account} signs as {person.printed_name}, not {signed.printed_name}")
        check_signature(Act(signed, entry.author, self.trial, self.study, entry.at, self.entry, _known))
        if signed.digest != self._digest(entry, signed):
            raise refuse("signature", "it is not of what stood there")

    def _digest(self, entry: Entry, signed: Signed) -> str:
        match signed:
            case ClockConfirmed():
                return entry.previous
            case AssumptionSigned(assumption=one):
                return assumption_digest(self.study, one) if self._same_study(entry) else signed.digest
        return digest_of_subject(self, self.trial.support, signed)

    def _imported(self, summary: Entry) -> None:
        """Rows taken over are followed by their author's summary, which names what the rules would have held of them."""
        event, first = summary.event, self.rows[0].author
        if not isinstance(event, FolderImported) or replace(first, origin="") != replace(summary.author, origin=""):
            raise refuse(NOT_IMPORTED.rule, f"entry {self.rows[0].number}: {NOT_IMPORTED.says}")
        if not any(isinstance(row.event, CellsInfused) for row in self.rows):
            return
        mine = {row.number for row in self.rows}
        undated = (
            AnyEntry(one.number, None if one.number in mine else one.at, one.author, one.event)
            for one in self.trial.entries.values()
        )
        found = departures(self.study, Trial(self.trial.frame).follow(undated))
        if found and self._same_study(summary) and digest_of_departures(found) != event.departures:
            raise refuse("import", "what the rules would have held of its rows is not what it says")
        if found:
            check_departures(self.trial, replace(event, override=None), event.override, found)

    def _same_study(self, entry: Entry) -> bool:
        """Whether the study at hand is the one the entry was recorded under; what an earlier text said is not known."""
        return entry.study == f"{self.study.id} {self.study.version}"

    def entries(self, *, participant: str | None = None) -> Iterator[Entry]:
        """The earlier entries of a participant."""
        return (self.entry(number) for number, one in self.trial.entries.items() if one.participant == participant)

    def entry(self, number: int) -> Entry:
        """An earlier entry; refused where there is none."""
        found = self.trial.entries.get(number)
        if not isinstance(found, Entry):
            raise refuse("record", f"there is no entry {number} before it")
        return found


def _said(check: Callable[[], None]) -> Iterator[Broken]:
    try:
        check()
    except Refused as refused:
        yield from refused.broken


def _row_may_be_taken(trial: Trial, row: Entry) -> None:
    if row.event.kind not in ROWS:
        raise refuse("import", f"{row.event.kind} is never taken over from elsewhere")
    if visit := locked_visit(trial, row.event):
        raise refuse("lock", f"visit {visit} is locked")


def _as_found(act: Act) -> None:
    """What the software writes beside a person's words is what it finds: the rule's answer, the holds that would go."""
    event = act.event
    if isinstance(event, ParticipantScreened | DecisionProposed):
        if answered(replace(act, event=replace(event, answer=None))) != event:
            raise refuse("answer", "the answer it gives is not the one the study's rules give")
    elif isinstance(event, LIFTING) and (
        event.supersedes is None or act.entry(event.supersedes).participant == event.participant
    ):
        held = would_lift(replace(act, event=replace(event, lifts=(), needs=0)))
        if event.needs < max((one.signatures for one in held), default=0):
            raise refuse("correction", f"it would lift {held[0].rule} and does not say so")


def _known(codes: tuple[str, ...]) -> None:
    """The replayed trial holds every fact already."""
