"""Taking a data folder over into a casebook: dry run first, twice is once, conflicts named and never overwritten.

The same rules are asked as of an act at the desk: an investigator imports, a locked visit takes nothing, and what the study's
rules would have held is listed as departures, whose digest two people sign once, as an override, before it is recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from escalon.casebook.canonical import canonical
from escalon.casebook.encoding import content, plain
from escalon.casebook.writer import Writer
from escalon.conduct.judge.departures import ActDeparture, departures, digest_of_departures
from escalon.conduct.judge.given import dose_of
from escalon.conduct.judge.unread import unread_of_the_dose
from escalon.conduct.permit.act import Act, broken_by_order
from escalon.conduct.permit.authority import authorise
from escalon.conduct.permit.corrections import taken_back
from escalon.conduct.permit.holds import A_DLT, lifted
from escalon.conduct.permit.overrides import check_override
from escalon.conduct.permit.refusal import Broken, Refused, refuse
from escalon.conduct.permit.rules.of_the_record import ended
from escalon.conduct.record.recording import Conduct, authorise_event
from escalon.escalation.words import plural
from escalon.history import Author, Entry, Trial, Unread, current_entries
from escalon.history.events import (
    AdverseEventRecorded,
    CellsInfused,
    EvaluabilityJudged,
    Event,
    FactRecorded,
    FolderImported,
    MarkedSynthetic,
    NothingToReport,
    ParticipantConsented,
    RefusedRow,
)
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.study import Study
from escalon.sources.as_rows import read_back
from escalon.sources.folder import take_in
from escalon.sources.intake import Intake
from escalon.sources.taking import Problem

NAMES = {
    "TreatmentGiven": ("treatment", "start"),
    "AdverseEventRecorded": ("term", "start", "id"),
    "CellsInfused": ("on",),
    "EvaluabilityJudged": (),
    "SampleMeasured": ("analyte", "date", "day", "collected", "nominal_day", "visit"),
    "NothingToReport": ("table",),
    "MarkedSynthetic": (),
}
"""The fields that say which observation an event is about; the others say what was observed."""

ROWS = frozenset({*NAMES, "FactRecorded", "ParticipantConsented"})
"""What a row of a data folder can say. What people decided, signed or opened is never taken over from elsewhere."""


@dataclass(frozen=True)
class Conflict:
    """A row that says something else than the casebook about the same thing; a person must correct one of the two."""

    place: str
    row: str
    entry: int
    casebook: str

    def __str__(self) -> str:
        return f"{self.place}: the folder says «{self.row}», entry {self.entry} says «{self.casebook}»"


@dataclass
class Imported:
    """What an import did, or would do."""

    read: int = 0
    recorded: int = 0
    already_there: int = 0
    consents: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    refused: tuple[Problem, ...] = ()
    refused_rows: int = 0
    held: list[str] = field(default_factory=list)
    """What a rule no signature sets aside keeps out: rows of a locked visit, of a day that has not come, judgements."""
    conflict_rows: int = 0
    held_rows: int = 0
    """Those of the conflicts, and of what is held, that are rows: a judgement stands in a row that is counted already."""
    departures: list[ActDeparture] = field(default_factory=list)
    digest: str = ""
    """What two people sign before an import with departures is recorded."""

    def account(self) -> str:
        """The account in one line: every row read is recorded, already there, in conflict, held, or refused."""
        held = f" + {self.held_rows} held" if self.held_rows else ""
        beside = len(self.conflicts) + len(self.held) - self.conflict_rows - self.held_rows
        left = f"; {plural(beside, 'judgement')} in them not taken over" if beside else ""
        return (
            f"{self.read} rows read = {self.recorded} recorded + {self.already_there} already there + "
            f"{self.conflict_rows} in conflict{held} + {self.refused_rows} refused{left}"
        )


def import_folder(
    conduct: Conduct, author: Author, study: Study, path: Path, site: str, *, dry_run: bool, override: int | None = None
) -> Imported:
    """Take over every row the study's dictionary accepts, in one act: all of it, or nothing. Raises Refused."""
    intake = take_in(study, path)
    done = Imported(read=sum(count.read - count.left_out for count in intake.counts), refused=intake.refused)
    done.refused_rows = sum(count.refused for count in intake.counts)
    with conduct.casebook.writing() as writer:
        trial = conduct.caught_up(writer)
        authorise(trial.people.get(author.person), author, "FolderImported", site)
        given = {one.participant for one in intake.entries if isinstance(one.event, CellsInfused)}
        conduct.know(tuple(one.code for one in trial.courses.values() if one.infusions or one.code in given))
        new = _new(done, writer, conduct, trial, study, intake, author, site)
        after = _folded(trial, new)
        rows = tuple(
            RefusedRow(**{one.name: getattr(row, one.name) for one in fields(RefusedRow)}) for row in intake.unread
        )
        summary = replace(_summary(path, intake, done), refused=rows)
        done.departures = _departures(study, after, new) + _no_longer_there(study, after, summary, author, writer.now)
        done.digest = digest_of_departures(done.departures)
        if dry_run or not (new or _is_news(trial, rows)):
            return done
        if unread := unread_of_the_dose(study, after, intake.unread):
            says = "the next dose rests on rows that cannot be read, so nothing is recorded. Correct:"
            raise refuse("unread", f"{says} {'; '.join(unread)}")
        summary = replace(summary, departures=done.digest)
        if done.departures:
            check_departures(trial, summary, override, done.departures)
            summary = replace(summary, override=override)
        for place, event in new:
            writer.append(replace(author, origin=f"import:{place}"), event)
        writer.append(author, summary)
    return done


def _is_news(trial: Trial, rows: tuple[RefusedRow, ...]) -> bool:
    """Whether the refused rows are others than the last import left."""
    last = trial.imports[max(trial.imports)].refused if trial.imports else ()
    return rows != last


def _new(
    done: Imported,
    writer: Writer,
    conduct: Conduct,
    trial: Trial,
    study: Study,
    intake: Intake,
    author: Author,
    site: str,
) -> list[tuple[str, Event]]:
    """The events to record, each with its place; rows that are there, in conflict or held are counted and left out."""
    known = Known(writer.entries(), trial)
    found: list[tuple[str, Event]] = []
    for entry in sorted(intake.entries, key=lambda one: _turn(trial, one.event)):
        event = entry.event
        if event.kind not in ROWS:
            raise refuse("import", f"{event.kind} is not taken over; write the rows first: escalon export csv")
        is_row = not isinstance(event, MarkedSynthetic | NothingToReport) and event.kind != "EvaluabilityJudged"
        if known.has(event):
            done.already_there += is_row
        elif (other := known.about_the_same(event) or _given_otherwise(trial, intake, event)) is not None:
            row, there = told_apart(event, other.event)
            done.conflicts.append(Conflict(entry.place, row, other.number, there))
            done.conflict_rows += is_row
        elif says := _kept_out(Act(event, author, trial, study, writer.now, writer.entry, conduct.know), intake):
            done.held.append(f"{entry.place}: {says}")
            done.held_rows += is_row
        else:
            done.recorded += is_row
            if (consent := known.consent_in(trial, event, site)) is not None:
                done.consents += 1
                found.append((entry.place, consent))
            known.taken(event)
            found.append((entry.place, event))
    return found


def _turn(trial: Trial, event: Event) -> int:
    """When a row is taken: facts first, with the consents among them; reviews last, for they are of all that a folder holds."""
    if not isinstance(event, FactRecorded):
        return 1
    return 2 if event.fact.name == trial.frame.roles.get("dlt_review") else 0


def _kept_out(act: Act, intake: Intake) -> str:
    """What a rule that no signature sets aside says of a row's event; empty where nothing keeps it out."""
    event, trial = act.event, act.trial
    if (day := _last_day(event, trial)) is not None and day > act.today:
        return f"{day} is in the future; correct the date [time]"
    if says := _taken_back(act) or _still_runs(act.study, intake, event, act.today):
        return f"it would lift a hold ({says}); record that judgement by itself [correction]"
    if event.participant in trial.courses and (moved := next(broken_by_order(act, ["stratum"]), None)):
        return f"{moved.says} [{moved.rule}]"
    if isinstance(event, CellsInfused) and (says := _forbidden(act)):
        return f"{says}; record the infusion by itself, or under an override"
    if isinstance(event, NothingToReport):
        try:
            authorise_event(trial, act.author, event, act.entry)
        except Refused as refused:
            return f"the empty table speaks of every site: {refused}"
    visit = locked_visit(trial, event)
    return f"visit {visit} is locked; unlock it with a reason first [lock]" if visit else ""


def _forbidden(act: Act) -> str:
    """What the rules of an infusion say against one that a row tells of; empty where they say nothing.

    Of somebody the casebook has no consent of, and where it gives no places, the row is a trial of its own.
    """
    course = act.trial.courses.get(act.event.participant)
    asked = [*(["consent"] if course and course.consented else []), *(["withdrawn"] if course else [])]
    asked += ["slot", "decision", "amendment"] if course and act.trial.cohorts else []
    return next((f"{one.says} [{one.rule}]" for one in broken_by_order(act, asked)), "")


def _given_otherwise(trial: Trial, intake: Intake, event: Event) -> Entry | None:
    """A dose of the same participant that this folder does not have: the row is that dose told otherwise, not another one."""
    if not isinstance(event, CellsInfused):
        return None
    rows = {_content(one.event) for one in intake.entries if one.participant == event.participant}
    given = (one.entry for one in trial.course(event.participant or "").infusions if _content(one.event) not in rows)
    return next(given, None)


def _taken_back(act: Act) -> str:
    """What a row's judgement would lift that takes more than one person; empty where it would lift nothing of the kind."""
    if not act.trial.course(act.event.participant or "").infusions:
        return ""
    lifts = taken_back(act.study, act.trial, act.event, act.author, act.now)
    alone = isinstance(act.event, AdverseEventRecorded)  # the judgement that is waited for is one investigator's
    return next((one.says for one in lifts if not alone or one.about.startswith(A_DLT)), "")


def _still_runs(study: Study, intake: Intake, event: Event, today: date) -> str:
    """The DLT window of a dose of the same folder that a row would end: not evaluable is judged by itself."""
    ends = isinstance(event, EvaluabilityJudged) and not event.is_evaluable
    given = dose_of(study, intake.trial, event.participant or "") if ends else None
    window = dlt_window(study, given.last.earliest) if given is not None else None
    return f"{event.participant}'s DLT window: {window}" if window is not None and today <= window.last else ""


def _last_day(event: Event, trial: Trial) -> date | None:
    happened = event.happened(trial.frame.zone)
    return max([*([happened.earliest] if happened else []), *ended(event)], default=None)


def locked_visit(trial: Trial, event: Event) -> str:
    """The locked visit an event would add to; empty where it adds to none."""
    visit = event.fact.visit if isinstance(event, FactRecorded) else getattr(event, "visit", None)
    course = trial.courses.get(event.participant or "")
    return visit or "" if course and course.is_locked(visit) else ""


def _folded(trial: Trial, new: list[tuple[str, Event]]) -> Trial:
    """The trial as it would stand with all of it: what cannot be folded or read is refused before anything is recorded."""
    more = (
        Entry(trial.number + place, None, Author("", "", "", where), event)
        for place, (where, event) in enumerate(new, 1)
    )
    after = Trial(trial.frame).follow([*trial.entries.values(), *more])
    for code in {event.participant for _, event in new if event.participant}:
        _ = after.facts_of(code)
    return after


def _departures(study: Study, after: Trial, new: list[tuple[str, Event]]) -> list[ActDeparture]:
    """What the rules would have held of everything that is taken over."""
    return departures(study, after) if any(event.kind == "CellsInfused" for _, event in new) else []


def _no_longer_there(
    study: Study, after: Trial, summary: FolderImported, author: Author, now: datetime
) -> list[ActDeparture]:
    """The rows that an earlier import refused and the folder no longer has, where that lifts a hold."""
    if not after.unread:
        return []
    without = after.with_event(summary, author, now)
    gone = _fewer(after.unread, without.unread)
    today = now.astimezone(after.frame.zone).date()
    if not gone or not lifted(study, after, without, today, None):
        return []
    return [
        ActDeparture(one.participant, one.day.earliest if one.day else today, "unread", f"no longer there: {one.why}")
        for one in gone
    ]


def _fewer(before: Sequence[Unread], now: Sequence[Unread]) -> list[Unread]:
    """The rows of which there are fewer now: two about one thing are two, on whatever line each stands."""
    left, gone = Counter(row.subject for row in now), []
    for row in sorted(before, key=lambda row: row not in now):
        left[row.subject] -= 1
        if left[row.subject] < 0:
            gone.append(row)
    return gone


def check_departures(
    trial: Trial, summary: FolderImported, override: int | None, found: Sequence[ActDeparture]
) -> None:
    """Refuse to take over what the rules would have held, unless two people signed for exactly that."""
    held = Counter(one.rule for one in found)
    broken = tuple(
        Broken(name, f"{many} of the acts taken over would have been held", 2) for name, many in sorted(held.items())
    )
    if override is None:
        raise Refused(*broken)
    check_override(trial, summary, override, broken)


def said(event: Event) -> str:
    """What an event says, in a line."""
    if isinstance(event, FactRecorded):
        fact = event.fact
        return f"{event.participant} {fact} = {fact.value or 'not known'} {fact.unit or ''}".rstrip()
    return f"{event.participant} {event.what}"


def told_apart(one: Event, other: Event) -> tuple[str, str]:
    """What two events say; where that is the same in a line, the fields in which they differ as well."""
    first, second = said(one), said(other)
    if first != second:
        return first, second
    differs = [each.name for each in fields(one) if getattr(one, each.name) != getattr(other, each.name)]
    return _with(first, one, differs), _with(first, other, differs)


def _with(line: str, event: Event, names: list[str]) -> str:
    said_beside = ", ".join(name.replace("_", " ") + " " + _shown(event, name) for name in names)
    return f"{line}; {said_beside}"


def _shown(event: Event, name: str) -> str:
    value = getattr(event, name)
    return "not recorded" if value is None or value == "" else str(plain(value))


def _names(event: Event) -> tuple[str, ...] | None:
    if isinstance(event, FactRecorded):
        fact = event.fact
        return (event.kind, event.participant or "", fact.name, fact.day or "", fact.visit or "")
    if event.kind not in NAMES:
        return None
    return (event.kind, event.participant or "", *(str(getattr(event, name) or "") for name in NAMES[event.kind]))


class Known:
    """What the casebook holds already, by content and by what it is about."""

    def __init__(self, entries: Iterable[Entry], trial: Trial) -> None:
        kept = list(entries)
        self.contents = {_content(entry.event) for entry in kept if _names(entry.event)}
        self.contents |= {_content(event) for one in trial.courses.values() for event in read_back(one)}
        self.by_name: dict[tuple[str, ...], Entry] = {}
        self.judged: dict[str | None, bool] = {}
        """Whether each participant was last judged evaluable: a row says that much, and not why."""
        for one in current_entries(kept):
            self._judged(one.event)
            if (name := _names(one.event)) is not None:
                self.by_name.setdefault(name, one.entry)
                self.contents.add(_content(one.event))
        self.with_consent: set[str] = set()

    def has(self, event: Event) -> bool:
        """Whether exactly this was recorded before (and perhaps corrected since)."""
        if isinstance(event, EvaluabilityJudged):
            return self.judged.get(event.participant) is event.is_evaluable
        return _content(event) in self.contents

    def _judged(self, event: Event) -> None:
        if isinstance(event, EvaluabilityJudged):
            self.judged[event.participant] = event.is_evaluable

    def about_the_same(self, event: Event) -> Entry | None:
        """An earlier entry about the same observation that says something else."""
        return self.by_name.get(_names(event) or ())

    def taken(self, event: Event) -> None:
        """Remember a row of this import. Two rows of one folder never conflict: the folder's check has passed them."""
        self.contents.add(_content(event))
        self._judged(event)

    def consent_in(self, trial: Trial, event: Event, site: str) -> ParticipantConsented | None:
        """The consent that a consent fact with a full date stands for, once for each participant."""
        code = event.participant or ""
        is_consent = isinstance(event, FactRecorded) and event.fact.name == trial.frame.roles.get("consent")
        if not is_consent or code in self.with_consent or trial.course(code).consents:
            return None
        assert isinstance(event, FactRecorded)
        try:
            day = date.fromisoformat(event.fact.value or "")
        except ValueError:
            return None  # only the month is known, or nothing: a person records the consent
        self.with_consent.add(code)
        return ParticipantConsented(participant=code, site=site, form="as imported", signed_on=day)


def _content(event: Event) -> str:
    return f"{event.kind} {canonical(content(event))}"


def _summary(path: Path, intake: Intake, done: Imported) -> FolderImported:
    hashed = sha256(
        "".join(f"{file} {digest}\n" for file, digest in sorted(intake.hashes.items())).encode()
    ).hexdigest()
    return FolderImported(
        folder=path.name,
        digest=hashed,
        recorded=done.recorded,
        already_there=done.already_there,
        conflicts=len(done.conflicts),
    )
