"""`escalon casebook` and `escalon verify`: the record of what happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from escalon.cli.casebook_copies import archive, backup, restore
from escalon.cli.casebook_desk import (
    AsPerson,
    AtSite,
    CasebookFolder,
    InRole,
    ask_new,
    clean,
    count,
    desk,
    open_conduct,
    reading,
    secret_store,
    tell_recovery_code,
)
from escalon.cli.casebook_users import user
from escalon.cli.output import AsJson, fail, in_one_line, note, print_json, progress, say, say_if_synthetic

if TYPE_CHECKING:
    from escalon.casebook.chain import Verification
    from escalon.casebook.entry import Entry
    from escalon.conduct.record.replay import NotAllowed
    from escalon.history import Cohort, Trial
    from escalon.history.events import Event
    from escalon.protocol.study import Study

__all__ = ["app", "archive", "backup", "restore", "user", "verify", "witness"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The record of what happened: every event with who, when, in which role and why; never edited; chained and signed."
    "\n\nA casebook is a folder. Make one with [bold]escalon casebook init[/bold], then open accounts with "
    "[bold]escalon user add[/bold].",
    rich_markup_mode="rich",
)


def verify(
    casebook: Annotated[Path, typer.Argument(metavar="CASEBOOK", help="A casebook's folder, or an archive's.")],
    printed: Annotated[
        list[str] | None, typer.Option("--printed", help="NUMBER:HASH printed on a past report; may be repeated.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="The public key as printed on a report: the root of trust.")
    ] = None,
    witness: Annotated[Path | None, typer.Option("--witness", help="A witness's folder; see escalon witness.")] = None,
    conduct: Annotated[
        bool, typer.Option("--conduct", help="Also replay every entry through authority, sequence and holds.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a casebook's chain of entries, its signed checkpoints and the database's guards; names the first bad entry.

    With --conduct each entry is also asked whether the rules, as they stood, would have let it in.

    Exit code 0: whole; 1: not. Examples:

    escalon verify book/

    escalon verify book/ --printed 1200:9f2c…   hold it against a report in your hand

    Without Escalon: python3 verify_alone.py ARCHIVE, from any archive.
    """
    found = _verified(casebook, printed or [], key, witness)
    ends = f"{found.entries}:{found.ends_in}"
    refused = _replayed(casebook) if conduct and found.is_whole else []
    if as_json:
        problem = {"entry": found.problem.number, "says": found.problem.says} if found.problem else None
        print_json(
            {
                "whole": found.is_whole,
                "ends_in": ends,
                "checkpoints": found.checkpoints,
                "problem": problem,
                "resets": [{"entry": number, "account": account} for number, account in found.resets],
                **({"not_allowed": [str(one) for one in refused]} if conduct else {}),
            }
        )
    elif found.problem:
        say(f"NOT WHOLE. {in_one_line(found.problem)}")
    else:
        if found.beside:
            note(found.beside)
        say(f"Whole: {found.entries} entries, {found.checkpoints} checkpoints. It ends in\n{ends}")
        for number, account in found.resets:
            say(
                in_one_line(
                    f"Entry {number}: {account} signs with another key since a reset; ask whether it was theirs."
                )
            )
        for one in refused:
            say(in_one_line(f"NOT ALLOWED. {one}"))
    raise typer.Exit(0 if found.is_whole and not refused else 1)


@clean
def _replayed(place: Path) -> list[NotAllowed]:
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.location import open_casebook, settings_of
    from escalon.conduct.record.replay import not_allowed
    from escalon.protocol import load_study

    if not (place / "casebook.toml").is_file():
        raise CasebookError(f"{place}: --conduct replays a casebook; restore the archive first: escalon restore")
    casebook = open_casebook(place, read_only=True)
    try:
        study = load_study(settings_of(place).get("study") or casebook.study.split(" ")[0])
        with progress("replaying", casebook.head.number):
            return list(not_allowed(study, casebook.entries()))
    finally:
        casebook.close()


@clean
def _verified(place: Path, printed: list[str], key: str | None, witness: Path | None) -> Verification:
    from escalon.casebook.chain import Anchor, parse_anchor, parse_key
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.proof import prove
    from escalon.casebook.witness import anchors_of, parts_from

    try:
        anchors: list[tuple[int, str] | Anchor] = [parse_anchor(one) for one in printed]
        root = None if key is None else parse_key(key)
    except ValueError as wrong:
        raise CasebookError(str(wrong)) from wrong
    if witness is not None:
        anchors += anchors_of(witness, place)
        if parts := parts_from(witness, place):
            note(parts)
    with progress("verifying") as bar:
        return prove(place, anchors, root, bar)


@clean
def witness(
    folder: Annotated[Path, typer.Argument(metavar="WITNESS", help="The witness's folder; made the first time.")],
    casebook: Annotated[Path, typer.Argument(metavar="CASEBOOK", help="A casebook's folder, or an archive's.")],
) -> None:
    """Verify a casebook, and sign where it ends; later only what has grown from there is signed.

    Keep the folder away from the casebook: on another computer, a memory stick, in a colleague's account. Then
    escalon verify book/ --witness WITNESS shows a record that was rewritten, cut, or put back.
    """
    from escalon.casebook.clock import ComputerClock
    from escalon.casebook.witness import observe

    seen = observe(folder, casebook, ComputerClock().now())
    say(f"seen {seen.number}:{seen.hash}\nsignature {seen.signature}")


@app.command()
@clean
def init(
    folder: Annotated[Path, typer.Argument(metavar="CASEBOOK", help="The new casebook's folder.")],
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A bundled study's name, or a study folder.")],
    account: Annotated[str, typer.Option("--administrator", help="Account of the first administrator.")],
    name: Annotated[str, typer.Option("--name", help="That person's name, as it is printed.")],
    database: Annotated[str | None, typer.Option(help="postgresql://APPLICATION@HOST/NAME instead of SQLite.")] = None,
    owner: Annotated[str | None, typer.Option(help="postgresql://OWNER@HOST/NAME, which owns the tables.")] = None,
) -> None:
    """Make an empty casebook for a study, with one administrator's account and no other.

    escalon casebook init book/ nct07052565 --administrator ada --name "Ada Min"
    """
    from escalon.casebook.keys import key_passphrase
    from escalon.casebook.location import create_casebook
    from escalon.conduct.record.accounts import open_first_account
    from escalon.protocol import load_study

    read = load_study(study)
    password, passphrase = ask_new(f"Password for {account}", "ESCALON_PASSWORD"), key_passphrase()
    place = study if not Path(study).exists() else str(Path(study).resolve())
    casebook = create_casebook(
        folder,
        study=read.id,
        study_version=read.version,
        database=database,
        owner=owner,
        passphrase=passphrase,
        study_folder=place,
    )
    code = open_first_account(open_conduct(casebook, folder), secret_store(casebook, folder), account, name, password)
    say(f"{folder}: a casebook for {casebook.study}.\nPublic key, to be kept elsewhere: {casebook.public_key}")
    casebook.close()
    say(f"Keep {folder / 'keys'} safe and make a backup: what they seal cannot be opened without them.")
    tell_recovery_code(code)


@app.command()
@clean
def show(
    folder: CasebookFolder,
    account: AsPerson,
    participant: Annotated[str | None, typer.Argument(help="Only this participant.")] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As it stood then: 2026-03-02 or with a time, UTC.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="Only this kind of event; may be repeated.")] = None,
    last: Annotated[int | None, typer.Option(help="Only so many entries, the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """The audit trail: who recorded what, when, in which role, what it was before, and why."""
    moment = _moment(as_of)
    with reading(folder, account) as at:
        found = list(at.casebook.entries(participant=participant, kinds=kind, as_of=moment))[-(last or 0) :]
        if not found and participant is not None:
            _known_or_fail(participant, {one.participant for one in at.casebook.entries() if one.participant})
    if as_json:
        print_json([{"number": one.number, "hash": one.hash, **json.loads(one.body)} for one in found])
        return
    for one in found:
        say(_line(one))


def _known_or_fail(participant: str, known: set[str]) -> None:
    """A code that is in no entry is a slip; the codes that come near are named."""
    from difflib import get_close_matches

    if participant not in known:
        near = get_close_matches(participant, sorted(known), 3, 0.4) or sorted(known)[:5]
        fail(f"there is no participant {participant} in this casebook. There are {', '.join(near) or 'none yet'}")


def _moment(written: str | None) -> Any:
    from datetime import UTC, datetime, time

    from escalon.casebook.errors import CasebookError

    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as wrong:
        raise CasebookError(f"--as-of {written!r}: write 2026-03-02 or 2026-03-02T14:30") from wrong
    whole_day = len(written) == len("2026-03-02")
    return (datetime.combine(moment, time.max) if whole_day else moment).replace(tzinfo=moment.tzinfo or UTC)


def _line(entry: Entry) -> str:
    from escalon.casebook.telling import told

    who = f"{entry.author.person} ({entry.author.role}{', ' + entry.author.site if entry.author.site else ''})"
    why = f"  because: {entry.event.reason}" if entry.event.reason else ""
    values = told(json.loads(entry.body))
    says = f"{entry.event.what}  [{values}]" if values else entry.event.what
    code = entry.participant or "-"
    line = f"{entry.number:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {who:<28}  {code:<10}  {says}{why}"
    return in_one_line(line)


@app.command()
@clean
def status(folder: CasebookFolder, account: AsPerson, as_json: AsJson = False) -> None:
    """Where the trial stands: participants, cohorts, decisions, signatures that became void."""
    from escalon.conduct.permit.holds import holds
    from escalon.conduct.record.signing import signatures

    with reading(folder, account, amending=False) as at:
        conduct, study = at.conduct, at.casebook.study
        trial = conduct.informed()
        signed = [in_one_line(one) for one in signatures(conduct)]
        today = at.casebook.clock.now().astimezone(trial.frame.zone).date()
    decisions = {number: _decision_state(conduct.study, trial, number) for number in trial.decisions}
    cohorts = {number: _cohort_state(one) for number, one in trial.cohorts.items()}
    held = holds(conduct.study, trial, today)
    unsigned = {entry.number: entry.event for entry in trial.unsigned()}
    if as_json:
        print_json(
            {
                "participants": list(trial.participants),
                "synthetic": trial.synthetic,
                "cohorts": cohorts,
                "decisions": decisions,
                "signatures": signed,
                "holds": [one.as_json() for one in held],
                "unsigned": {str(number): event.what for number, event in unsigned.items()},
            }
        )
        return
    say_if_synthetic(trial.synthetic)
    say(f"{study}: {len(trial.participants)} participants, {len(trial.infused())} infused")
    for title, lines in (("cohort", cohorts), ("decision", decisions)):
        for number, says in lines.items():
            say(f"{title} {number}: {says}")
    for line in signed:
        say(line)
    for one in held:
        until = f", until {one.until}" if one.until else ""
        say(f"held [{one.rule}] {one.about}: {one.says}{until} ({count(one.signatures)} set it aside)")
    for number, event in unsigned.items():
        say(
            f"entry {number} waits for signatures: {event.what} would lift a hold (escalon casebook sign … EntrySigned)"
        )


def _decision_state(study: Study, trial: Trial, number: int) -> str:
    from escalon.conduct.judge.standing import decision_in_force, why_not_effective

    decision = trial.decisions[number]
    says = f"{decision.proposed.course} level {decision.proposed.level}"
    rule = decision.proposed.answer
    beside = f" (the rule said: {rule.says})" if rule else ""
    in_force = decision_in_force(study, trial)
    if in_force is not None and in_force.number == number:
        return f"{says}: in force{beside}"
    return f"{says}: {why_not_effective(study, trial, decision) or 'signed, followed by a newer one'}{beside}"


def _cohort_state(cohort: Cohort) -> str:
    taken = f"{len(cohort.places)} of {cohort.opened.size} places taken"
    return f"level {cohort.opened.level}, {taken}, {'open' if cohort.is_open else 'closed'}"


@app.command()
@clean
def record(
    folder: CasebookFolder,
    event: Annotated[str, typer.Argument(help="The kind of event; `escalon casebook kinds` lists them.")],
    content: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE…", help="participant=P-001 reason='…' and the rest.")
    ],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
    override: Annotated[int | None, typer.Option(help="Number of the signed override this act uses.")] = None,
) -> None:
    """Record one event, if authority and sequence allow it.

    escalon casebook record book/ ParticipantConsented participant=P-001 site=S1 form=v2 signed_on=2026-03-01 --as carla

    escalon casebook record book/ FactRecorded participant=P-001 fact.name=alt fact.value=31 fact.unit=U/L
    fact.day=2026-03-01 --as carla
    """
    with desk(folder, account, role, site) as at:
        entry = at.conduct.record(at.author, _event(event, content), override=override)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}")


def _event(kind: str, words: list[str]) -> Event:
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.words import event_of_words

    try:
        return event_of_words(kind, words)
    except (ValueError, TypeError) as wrong:
        raise CasebookError(f"{kind}: {wrong}") from wrong


@app.command()
@clean
def correct(
    folder: CasebookFolder,
    number: Annotated[int, typer.Argument(metavar="ENTRY", help="The number of the entry that is wrong.")],
    content: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE…", help="The fields that should say something else.")
    ],
    reason: Annotated[str, typer.Option(help="Why.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Correct an entry: the earlier one stays and shows, this one supersedes it.

    escalon casebook correct book/ 13 fact.value=13 --reason "typing error" --as carla

    An entry that should not be there at all: escalon casebook record book/ EntryAnnulled annuls=13 participant=… reason=…
    """
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.words import changed
    from escalon.history.events import EntryCorrected, FactCorrected, FactRecorded

    with desk(folder, account, role, site) as at:
        wrong = at.casebook.entry(number).event
        try:
            now = changed(wrong, content)
        except (ValueError, TypeError) as error:
            raise CasebookError(f"entry {number}, {wrong.kind}: {error}") from error
        if isinstance(now, FactRecorded | FactCorrected):
            made: Event = FactCorrected(participant=now.participant, corrects=number, fact=now.fact, reason=reason)
        else:
            made = EntryCorrected(participant=now.participant, corrects=number, now=now, reason=reason)
        entry = at.conduct.record(at.author, made)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}")


@app.command()
def kinds() -> None:
    """Every kind of event, with its fields and who may record it."""
    from escalon.casebook.words import describe_kind
    from escalon.conduct.permit.authority import ALLOWED

    for name, roles in sorted(ALLOWED.items()):
        if name[0].isupper():
            say(f"{describe_kind(name)}\n    by: {', '.join(sorted(roles))}\n")


@app.command()
@clean
def sign(
    folder: CasebookFolder,
    kind: Annotated[
        str,
        typer.Argument(
            help="DecisionSigned, EligibilitySigned, OverrideSigned, VisitSigned, EntrySigned, AssumptionSigned"
        ),
    ],
    subject: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE…", help="decision=12, or participant=P-001 visit=D28")
    ],
    meaning: Annotated[str, typer.Option(help="What the signature means: approve, author, review …")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Sign, with the password entered again, exactly what stands in the casebook now.

    escalon casebook sign book/ DecisionSigned decision=12 --meaning approve --as cora
    """
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.words import check_whole, values_of_words
    from escalon.conduct.record.signing import assumption_digest
    from escalon.conduct.record.signing import sign as sign_now
    from escalon.history.events import KINDS, Signed

    signed = KINDS.get(kind)
    if signed is None or not issubclass(signed, Signed):
        raise CasebookError(f"{kind} is not a signature")
    if signed.own_command:
        raise CasebookError(f"{kind} is signed by its own command: {signed.own_command}")
    try:
        values = values_of_words(signed, subject)
        check_whole(signed, values, given=Signed)
    except (ValueError, TypeError) as wrong:
        raise CasebookError(f"{kind}: {wrong}") from wrong
    with desk(folder, account, role, site, signs=True) as at:
        if signed.__name__ == "AssumptionSigned":
            values["digest"] = assumption_digest(at.conduct.study, str(values.get("assumption")))
        entry = sign_now(at.conduct, at.secrets, at.author, signed, password=at.password, meaning=meaning, **values)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}, {entry.at:%Y-%m-%d %H:%M:%S} UTC")


@app.command()
@clean
def allocate(
    folder: CasebookFolder,
    participant: Annotated[str, typer.Argument(help="Participant code.")],
    cohort: Annotated[int, typer.Argument(help="Number of the open cohort.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Give a participant the next place of the open cohort; of two who ask at once for the last one, one gets it."""
    with desk(folder, account, role, site) as at:
        entry = at.conduct.allocate(at.author, participant, cohort)
    say(f"entry {entry.number}: {json.loads(entry.body)['new']}")


@app.command()
@clean
def propose(
    folder: CasebookFolder,
    what: Annotated[str, typer.Argument(help="screening, dlt or decision")],
    account: AsPerson,
    participant: Annotated[str | None, typer.Argument(help="Whose screening or DLT window.")] = None,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Record what the study's rules say of what is recorded, for people to sign: a screening, a DLT window, a decision.

    escalon casebook propose book/ screening P-001 --as carla

    escalon casebook propose book/ decision --as stan
    """
    from escalon.casebook.errors import CasebookError
    from escalon.conduct.record import proposals

    makes = {"screening": proposals.propose_screening, "dlt": proposals.propose_dlt}
    if what not in (*makes, "decision"):
        raise CasebookError(f"{what!r} is not proposed. Write screening, dlt or decision")
    if what != "decision" and participant is None:
        raise CasebookError(f"whose {what}? Write the participant's code after it")
    with desk(folder, account, role, site) as at:
        if what == "decision":
            entry = proposals.propose_decision(at.conduct, at.author)
        else:
            entry = makes[what](at.conduct, at.author, participant or "")
    say(f"entry {entry.number}: {entry.event.what}")


@app.command(name="import")
@clean
def import_data(
    folder: CasebookFolder,
    data: Annotated[Path, typer.Argument(metavar="DATA", help="The data folder to take over.")],
    account: AsPerson,
    at_site: Annotated[str, typer.Option("--participants-of", help="The site whose participants these are.")],
    do_it: Annotated[bool, typer.Option("--record", help="Really record; without it nothing is.")] = False,
    override: Annotated[
        int | None, typer.Option(help="Number of the override two people signed for the departures listed.")
    ] = None,
    role: InRole = None,
    as_json: AsJson = False,
) -> None:
    """Take a data folder over into the casebook: a dry run unless told otherwise; doing it twice changes nothing.

    An investigator imports. What differs from the casebook is named as a conflict and left for a person to correct (exit
    code 1). What the study's rules would have held (an infusion without consent, against a clock or the dose rule) is listed
    as departures: two people sign the digest of that list once, as an override of FolderImported, before it is recorded.

    escalon casebook import book/ data/ --participants-of S1 --as ines

    escalon casebook record book/ OverrideGiven act=FolderImported rules=rule,consent content.departures=DIGEST reason=… --as ines
    """
    from escalon.casebook.location import settings_of
    from escalon.conduct.record.importing import import_folder
    from escalon.protocol import load_study

    with desk(folder, account, role, None) as at:
        study = load_study(settings_of(folder)["study"])
        done = import_folder(at.conduct, at.author, study, data, at_site, dry_run=not do_it, override=override)
    if as_json:
        print_json(
            {
                **vars(done),
                "conflicts": [str(one) for one in done.conflicts],
                "refused": [str(one) for one in done.refused],
                "departures": [one.as_json() for one in done.departures],
            }
        )
    else:
        told = {"refused": done.refused, "conflict": done.conflicts, "held": done.held, "departure": done.departures}
        for word, some in told.items():
            for one in some:
                note(in_one_line(f"{word:<9} {one}"))
        if done.departures:
            note(f"digest of the departures, for two people to sign: {done.digest}")
        say(f"{done.account()}{'' if do_it else '. Dry run: nothing was recorded; add --record'}")
    raise typer.Exit(1 if done.conflicts or done.refused or done.held else 0)


@app.command(name="data")
@clean
def write_data(
    folder: CasebookFolder,
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="The data folder to write; it must not exist.")],
    account: AsPerson,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="As it stood then: 2026-03-02 or with a time, UTC.")
    ] = None,
) -> None:
    """The casebook as a data folder, for `escalon screen`, `score`, `report` and any other program that reads one."""
    from escalon.casebook.errors import CasebookError
    from escalon.exchange.tidy_folder import write_folder
    from escalon.history import fold
    from escalon.history.events import FolderWritten

    if to.exists():
        raise CasebookError(f"{to} exists; write into a new folder")
    moment = _moment(as_of)
    with reading(folder, account, "FolderWritten") as at:
        upto = at.casebook.head.number
        frame = at.conduct.trial.frame
        written = write_folder(fold(at.casebook.entries(upto=upto, as_of=moment), frame), to)
        at.conduct.record_built(at.author, lambda trial: FolderWritten(upto=upto))
    say(f"{to}: {', '.join(file.name for file in written)}")


@app.command()
@clean
def identity(
    folder: CasebookFolder,
    participant: Annotated[str, typer.Argument(help="Participant code.")],
    account: AsPerson,
    name: Annotated[str | None, typer.Option(help="Keep this name; without it, the name kept is shown.")] = None,
    contact: Annotated[str, typer.Option(help="Address or telephone.")] = "",
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """A participant's name and contact, kept apart and encrypted; for their own coordinators and investigators only."""
    from escalon.casebook.identifiers import IdentifierStore, Identity
    from escalon.casebook.location import open_identifiers, open_seal
    from escalon.conduct.record.identities import keep_identity, open_identity

    with desk(folder, account, role, site) as at:
        store = IdentifierStore(open_identifiers(folder), open_seal(folder), str(folder))
        if name is not None:
            keep_identity(at.conduct, store, at.author, participant, Identity(name, contact))
            say(f"kept for {participant}")
        else:
            found = open_identity(at.conduct, store, at.author, participant)
            say(f"{in_one_line(found.name)}\n{in_one_line(found.contact)}".rstrip())
        store.engine.dispose()


@app.command()
@clean
def amend(
    folder: CasebookFolder,
    changes: Annotated[str, typer.Option(help="What changed, in a sentence.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Adopt the study folder as it is now: later entries carry the new version."""
    from escalon.casebook.canonical import digest
    from escalon.casebook.errors import CasebookError
    from escalon.casebook.location import settings_of
    from escalon.history.events import AmendmentAdopted
    from escalon.protocol import load_study

    with desk(folder, account, role, site, amending=True) as at:
        study = load_study(settings_of(folder)["study"])
        if at.casebook.study == f"{study.id} {study.version}":
            raise CasebookError(f"{study.id} {study.version} is in force already")
        today = at.casebook.clock.now().date()
        adopted = AmendmentAdopted(
            study_version=study.version, digest=digest(f"{study.id} {study.version}"), adopted_on=today, changes=changes
        )
        entry = at.conduct.record_built(at.author, lambda standing: adopted)
    say(f"entry {entry.number}: {study.id} {study.version} is in force")


@app.command()
@clean
def checkpoint(folder: CasebookFolder, account: AsPerson) -> None:
    """Keep a signed checkpoint now, and print it as NUMBER:HASH, to be written down elsewhere."""
    from escalon.history.events import CheckpointKept

    with reading(folder, account, "CheckpointKept") as at:
        entry = at.conduct.record_built(at.author, lambda standing: CheckpointKept())
        kept = at.casebook.checkpoints()[-1]
    say(f"{entry.number}:{entry.hash}\nsignature {kept.signature}\nkey {kept.key}")


@app.command(name="new-key")
@clean
def new_key(folder: CasebookFolder, account: AsPerson) -> None:
    """Make a new signing key and go on with it; the old key signs the change, and verification says if it could not."""
    from escalon.casebook.location import change_key

    with reading(folder, account, "CheckpointKeyChanged") as at:
        public = change_key(at.casebook, at.author)
    say(f"public key, to be kept elsewhere: {public}")


@app.command()
@clean
def clock(
    folder: CasebookFolder,
    reason: Annotated[str, typer.Option(help="What was wrong with the clock, or why nobody recorded for so long.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Sign that this computer's clock is right, where the record's last entry is far from it; recording then goes on."""
    from escalon.conduct.record.clock import confirm_clock

    with desk(folder, account, role, site, amending=True, signs=True) as at:
        entry = confirm_clock(at.conduct, at.secrets, at.author, at.password, reason)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}")


@app.command()
@clean
def migrate(
    folder: CasebookFolder,
    owner: Annotated[str | None, typer.Option(help="postgresql://OWNER@HOST/NAME, on PostgreSQL.")] = None,
) -> None:
    """Bring the database's layout to this version of Escalon; the migration becomes an entry. Make a backup first."""
    from escalon.casebook.location import migrate_casebook

    before, after = migrate_casebook(folder, owner)
    say(f"layout {after} already" if before == after else f"layout {before} → {after}")
