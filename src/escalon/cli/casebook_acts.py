"""What people do in a casebook by the command line: record, correct, sign, allocate, propose, import, identities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.casebook.errors import CasebookError
from escalon.cli.casebook_desk import AsPerson, AtSite, CasebookFolder, InRole, clean, desk
from escalon.cli.loading import read_study
from escalon.cli.output import AsJson, in_one_line, note, print_json, say

if TYPE_CHECKING:
    from escalon.history.events import Event


@clean
def record(
    folder: CasebookFolder,
    event: Annotated[str, Argument(help="The kind of event; `escalon casebook kinds` lists them.")],
    content: Annotated[list[str], Argument(metavar="FIELD=VALUE…", help="participant=P-001 reason='…' and the rest.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
    override: Annotated[int | None, Option(help="Number of the signed override this act uses.")] = None,
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
    from escalon.casebook.words import event_of_words

    try:
        return event_of_words(kind, words)
    except (ValueError, TypeError) as wrong:
        raise CasebookError(f"{kind}: {wrong}") from wrong


@clean
def correct(
    folder: CasebookFolder,
    number: Annotated[int, Argument(metavar="ENTRY", help="The number of the entry that is wrong.")],
    content: Annotated[list[str], Argument(metavar="FIELD=VALUE…", help="The fields that should say something else.")],
    reason: Annotated[str, Option(help="Why.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Correct an entry: the earlier one stays and shows, this one supersedes it.

    escalon casebook correct book/ 13 fact.value=13 --reason "typing error" --as carla

    An entry that should not be there at all: escalon casebook record book/ EntryAnnulled annuls=13 participant=… reason=…
    """
    from escalon.casebook.words import correction
    from escalon.history.current import last_said

    with desk(folder, account, role, site) as at:
        wrong = at.casebook.entry(number)
        last = last_said(wrong, at.casebook.entries(participant=wrong.participant, after=number))
        try:
            made = correction(last.number, at.conduct.trial.as_numbered_now(last), content, reason)
        except (ValueError, TypeError) as error:
            raise CasebookError(f"entry {number}, {wrong.kind}: {error}") from error
        entry = at.conduct.record(at.author, made)
    say(f"entry {entry.number}: {in_one_line(entry.event.what)}")


def kinds() -> None:
    """Every kind of event, with its fields and who may record it.

    escalon casebook kinds
    """
    from escalon.casebook.words import describe_kind
    from escalon.conduct.permit.authority import ALLOWED

    for name, roles in sorted(ALLOWED.items()):
        if name[0].isupper():
            say(f"{describe_kind(name)}\n    by: {', '.join(sorted(roles))}\n")


@clean
def sign(
    folder: CasebookFolder,
    kind: Annotated[
        str,
        Argument(help="DecisionSigned, EligibilitySigned, OverrideSigned, VisitSigned, EntrySigned, AssumptionSigned"),
    ],
    subject: Annotated[list[str], Argument(metavar="FIELD=VALUE…", help="decision=12, or participant=P-001 visit=D28")],
    meaning: Annotated[str, Option(help="What the signature means: approve, author, review …")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Sign, with the password entered again, exactly what stands in the casebook now.

    escalon casebook sign book/ DecisionSigned decision=12 --meaning approve --as cora
    """
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


@clean
def allocate(
    folder: CasebookFolder,
    participant: Annotated[str, Argument(help="Participant code.")],
    cohort: Annotated[int, Argument(help="Number of the open cohort.")],
    account: AsPerson,
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """Give a participant the next place of the open cohort; of two who ask at once for the last one, one gets it.

    escalon casebook allocate book/ P-001 1 --as ines
    """
    with desk(folder, account, role, site) as at:
        entry = at.conduct.allocate(at.author, participant, cohort)
    place = json.loads(entry.body)["new"]
    say(
        f"entry {entry.number}: {participant} has place {place['place']} of cohort {place['cohort']}, at level {place['level']}"
    )


@clean
def propose(
    folder: CasebookFolder,
    what: Annotated[str, Argument(help="screening, dlt or decision")],
    account: AsPerson,
    participant: Annotated[str | None, Argument(help="Whose screening or DLT window.")] = None,
    role: InRole = None,
    site: AtSite = None,
    stratum: Annotated[str, Option(help="Whose decision, where each stratum escalates by itself.")] = "",
) -> None:
    """Record what the study's rules say of what is recorded, for people to sign: a screening, a DLT window, a decision.

    escalon casebook propose book/ screening P-001 --as carla

    escalon casebook propose book/ decision --as stan
    """
    from escalon.conduct.record import proposals

    makes = {"screening": proposals.propose_screening, "dlt": proposals.propose_dlt}
    if what not in (*makes, "decision"):
        raise CasebookError(f"{what!r} is not proposed. Write screening, dlt or decision")
    if what != "decision" and participant is None:
        raise CasebookError(f"whose {what}? Write the participant's code after it")
    with desk(folder, account, role, site) as at:
        if what == "decision":
            entry = proposals.propose_decision(at.conduct, at.author, stratum)
        else:
            entry = makes[what](at.conduct, at.author, participant or "")
    say(f"entry {entry.number}: {entry.event.what}")


@clean
def import_data(
    folder: CasebookFolder,
    data: Annotated[Path, Argument(metavar="DATA", help="The data folder to take over.")],
    account: AsPerson,
    at_site: Annotated[str, Option("--participants-of", help="The site whose participants these are.")],
    do_it: Annotated[bool, Option("--record", help="Really record; without it nothing is.")] = False,
    override: Annotated[
        int | None, Option(help="Number of the override two people signed for the departures listed.")
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

    with desk(folder, account, role, None) as at:
        study = read_study(settings_of(folder)["study"])
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


@clean
def identity(
    folder: CasebookFolder,
    participant: Annotated[str, Argument(help="Participant code.")],
    account: AsPerson,
    name: Annotated[str | None, Option(help="Keep this name; without it, the name kept is shown.")] = None,
    contact: Annotated[str, Option(help="Address or telephone.")] = "",
    role: InRole = None,
    site: AtSite = None,
) -> None:
    """A participant's name and contact, kept apart and encrypted; for their own coordinators and investigators only.

    escalon casebook identity book/ P-001 --name 'A. Name' --contact 'a telephone' --as ines
    """
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
