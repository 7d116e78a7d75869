"""`escalon casebook`: the record of what happened, as it is kept, shown and looked after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Argument, Option

from escalon.casebook.errors import CasebookError
from escalon.cli.casebook_acts import allocate, correct, identity, import_data, kinds, propose, record, sign
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
    reading,
    secret_store,
    tell_recovery_code,
)
from escalon.cli.casebook_users import user
from escalon.cli.output import AsJson, fail, in_one_line, print_json, say, say_if_synthetic
from escalon.facts.words import counted

if TYPE_CHECKING:
    from escalon.casebook.entry import Entry
    from escalon.history import Cohort, Trial
    from escalon.protocol.study import Study

__all__ = ["app", "archive", "backup", "restore", "user"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The record of what happened: every event with who, when, in which role and why; never edited; chained and signed."
    "\n\nA casebook is a folder. Make one with [bold]escalon casebook init[/bold], then open accounts with "
    "[bold]escalon user add[/bold].",
    rich_markup_mode="rich",
)


AsOf = Annotated[str | None, Option("--as-of", help="As it stood then: 2026-03-02 or with a time, UTC.")]


@app.command()
@clean
def init(
    folder: Annotated[Path, Argument(metavar="CASEBOOK", help="The new casebook's folder.")],
    study: Annotated[str, Argument(metavar="STUDY", help="A bundled study's name, or a study folder.")],
    account: Annotated[str, Option("--administrator", help="Account of the first administrator.")],
    name: Annotated[str, Option("--name", help="That person's name, as it is printed.")],
    database: Annotated[str | None, Option(help="postgresql://APPLICATION@HOST/NAME instead of SQLite.")] = None,
    owner: Annotated[str | None, Option(help="postgresql://OWNER@HOST/NAME, which owns the tables.")] = None,
) -> None:
    """Make an empty casebook for a study, with one administrator's account and no other.

    escalon casebook init book/ {study} --administrator ada --name "Ada Min"
    """
    from escalon.casebook.keys import key_passphrase
    from escalon.casebook.location import create_casebook
    from escalon.conduct.record.accounts import open_first_account
    from escalon.conduct.record.amending import doses_of_levels
    from escalon.conduct.record.opening import open_conduct
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
        levels=doses_of_levels(read),
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
    participant: Annotated[str | None, Argument(help="Only this participant.")] = None,
    as_of: AsOf = None,
    kind: Annotated[list[str] | None, Option("--kind", help="Only this kind of event; may be repeated.")] = None,
    last: Annotated[int | None, Option(help="Only so many entries, the newest.")] = None,
    as_json: AsJson = False,
) -> None:
    """The audit trail: who recorded what, when, in which role, what it was before, and why.

    escalon casebook show book/ P-001 --as ines       one participant's entries

    escalon casebook show book/ --as ines --last 20     the newest of all
    """
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
    """Where the trial stands: participants, cohorts, decisions, void signatures, what must not have happened and did.

    escalon casebook status book/ --as ines
    """
    from escalon.conduct.judge.watched import broken
    from escalon.conduct.permit.holds import holds
    from escalon.conduct.record.signing import signatures
    from escalon.facts import Day

    with reading(folder, account, amending=False) as at:
        conduct, study = at.conduct, at.casebook.study
        trial = conduct.informed()
        conduct.know(trial.participants)  # whose eligibility is asked again, and what is watched of everybody
        signed = [in_one_line(one) for one in signatures(conduct)]
        today = at.casebook.clock.now().astimezone(trial.frame.zone).date()
    decisions = {number: _decision_state(conduct.study, trial, number) for number in trial.decisions}
    cohorts = {number: _cohort_state(one, trial.stratum_of(one)) for number, one in trial.cohorts.items()}
    held = holds(conduct.study, trial, today)
    departed = [one for code in trial.participants for one in broken(conduct.study, trial, code, Day.of(today))]
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
                "departures": [one.as_json() for one in departed],
                "unsigned": {str(number): event.what for number, event in unsigned.items()},
            }
        )
        return
    words = conduct.study.said
    say_if_synthetic(trial.synthetic)
    treated = f"{len(trial.infused())} {words('infused')}"
    say(f"{study}: {counted(len(trial.participants), 'participant')}, {treated}")
    for title, lines in (("cohort", cohorts), ("decision", decisions)):
        for number, says in lines.items():
            say(f"{title} {number}: {says}")
    for line in signed:
        say(line)
    for one in held:
        until = f", until {one.until}" if one.until else ""
        say(f"held [{one.rule}] {one.about}: {words(one.says)}{until} ({count(one.signatures)} set it aside)")
    for departure in departed:
        say(f"departure {words(str(departure))}")
    for number, event in unsigned.items():
        say(
            f"entry {number} waits for signatures: {event.what} would lift a hold (escalon casebook sign … EntrySigned)"
        )


def _decision_state(study: Study, trial: Trial, number: int) -> str:
    from escalon.conduct.judge.standing import decision_in_force, why_not_effective

    decision = trial.decisions[number]
    says = decision.proposed.decides
    rule = decision.proposed.answer
    beside = f" (the rule said: {rule.says})" if rule else ""
    in_force = decision_in_force(study, trial, decision.proposed.stratum)
    if in_force is not None and in_force.number == number:
        return f"{says}: in force{beside}"
    return f"{says}: {why_not_effective(study, trial, decision) or 'signed, followed by a newer one'}{beside}"


def _cohort_state(cohort: Cohort, stratum: str) -> str:
    taken = f"{len(cohort.places)} of {cohort.opened.size} places taken"
    of = f" of {stratum}" if stratum else ""
    return f"level {cohort.opened.level}{of}, {taken}, {'open' if cohort.is_open else 'closed'}"


for _act in (record, correct, kinds, sign, allocate, propose):
    app.command()(_act)
app.command(name="import")(import_data)


@app.command(name="data")
@clean
def write_data(
    folder: CasebookFolder,
    to: Annotated[Path, Argument(metavar="FOLDER", help="The data folder to write; it must not exist.")],
    account: AsPerson,
    as_of: AsOf = None,
) -> None:
    """The casebook as a data folder, for `escalon screen`, `score`, `report` and any other program that reads one.

    escalon casebook data book/ book-data/ --as ines
    """
    from escalon.exchange.tidy_folder import write_folder
    from escalon.history import fold
    from escalon.history.events import FolderWritten

    if to.exists():
        raise CasebookError(f"{to} exists; write into a new folder")
    moment = _moment(as_of)
    with reading(folder, account, "FolderWritten") as at:
        upto = at.casebook.head.number
        frame = at.conduct.trial.frame
        kept = fold(at.casebook.entries(upto=upto, as_of=moment), frame)
        written = write_folder(kept, to, study=at.conduct.study)
        at.conduct.record_built(at.author, lambda trial: FolderWritten(upto=upto))
    say(f"{to}: {', '.join(file.name for file in written)}")


app.command()(identity)


@app.command()
@clean
def amend(
    folder: CasebookFolder,
    changes: Annotated[str, Option(help="What changed, in a sentence.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Adopt the study folder as it is now: later entries carry the new version.

    escalon casebook amend book/ --changes 'visit window of day 90 is 14 days' --as ines

    Where a dose level was inserted, those above it are numbered anew: whatever is recorded of them moves with its dose.
    """
    from escalon.casebook.location import settings_of
    from escalon.conduct.record.amending import amendment
    from escalon.protocol import load_study

    with desk(folder, account, role, site, amending=True) as at:
        study = load_study(settings_of(folder)["study"])
        if at.casebook.study == f"{study.id} {study.version}":
            raise CasebookError(f"{study.id} {study.version} is in force already")
        today = at.casebook.clock.now().date()
        entry = at.conduct.record_built(at.author, lambda standing: amendment(standing, study, today, changes))
    say(f"entry {entry.number}: {entry.event.what}")
    say(f"{study.id} {study.version} is in force; two people sign it before anybody is dosed under it:")
    say(f"escalon casebook sign {folder} EntrySigned entry={entry.number} --as …")


@app.command()
@clean
def checkpoint(folder: CasebookFolder, account: AsPerson) -> None:
    """Keep a signed checkpoint now, and print it as NUMBER:HASH, to be written down elsewhere.

    escalon casebook checkpoint book/ --as ines
    """
    from escalon.history.events import CheckpointKept

    with reading(folder, account, "CheckpointKept") as at:
        entry = at.conduct.record_built(at.author, lambda standing: CheckpointKept())
        kept = at.casebook.checkpoints()[-1]
    say(f"{entry.number}:{entry.hash}\nsignature {kept.signature}\nkey {kept.key}")


@app.command(name="new-key")
@clean
def new_key(folder: CasebookFolder, account: AsPerson) -> None:
    """Make a new signing key and go on with it; the old key signs the change, and verification says if it could not.

    escalon casebook new-key book/ --as ines
    """
    from escalon.casebook.location import change_key

    with reading(folder, account, "CheckpointKeyChanged") as at:
        public = change_key(at.casebook, at.author)
    say(f"public key, to be kept elsewhere: {public}")


@app.command()
@clean
def clock(
    folder: CasebookFolder,
    reason: Annotated[str, Option(help="What was wrong with the clock, or why nobody recorded for so long.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Sign that this computer's clock is right, where the record's last entry is far from it; recording then goes on.

    escalon casebook clock book/ --reason 'the computer stood still for a month' --as ines
    """
    from escalon.conduct.record.clock import confirm_clock

    with desk(folder, account, role, site, amending=True, signs=True) as at:
        entry = confirm_clock(at.conduct, at.secrets, at.author, at.password, reason)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}")


@app.command()
@clean
def migrate(
    folder: CasebookFolder,
    owner: Annotated[str | None, Option(help="postgresql://OWNER@HOST/NAME, on PostgreSQL.")] = None,
) -> None:
    """Bring the database's layout to this version of Escalon; the migration becomes an entry. Make a backup first.

    escalon casebook migrate book/
    """
    from escalon.casebook.location import migrate_casebook

    before, after = migrate_casebook(folder, owner)
    say(f"layout {after} already" if before == after else f"layout {before} → {after}")
