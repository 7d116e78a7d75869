"""`escalon verify` and `escalon witness`: is the record whole, was every act allowed, and has it only grown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from escalon.casebook.errors import CasebookError
from escalon.cli.casebook_desk import clean
from escalon.cli.loading import read_study
from escalon.cli.output import AsJson, in_one_line, note, print_json, progress, say

if TYPE_CHECKING:
    from escalon.casebook.chain import Verification
    from escalon.casebook.time_stamp import Stamped
    from escalon.conduct.record.replay import NotAllowed


def verify(
    casebook: Annotated[Path, Argument(metavar="CASEBOOK", help="A casebook's folder, or an archive's.")],
    printed: Annotated[
        list[str] | None, Option("--printed", help="NUMBER:HASH printed on a past report; may be repeated.")
    ] = None,
    key: Annotated[
        str | None, Option("--key", help="The public key as printed on a report: the root of trust.")
    ] = None,
    witness: Annotated[Path | None, Option("--witness", help="A witness's folder; see escalon witness.")] = None,
    time_stamps: Annotated[
        Path | None,
        Option("--time-stamps", help="Certificates (PEM) that the witness's time stamps must lead to."),
    ] = None,
    conduct: Annotated[
        bool, Option("--conduct", help="Also replay every entry through authority, sequence and holds.")
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
    found, stamped = _stamped(found, casebook, witness, time_stamps)
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
                **({"time_stamps": {one.number: str(one) for one in stamped}} if time_stamps else {}),
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
        for one in stamped:
            say(in_one_line(f"Entry {one.number}: {one}."))
        for number, account in found.resets:
            say(
                in_one_line(
                    f"Entry {number}: {account} signs with another key since a reset; ask whether it was theirs."
                )
            )
        for not_allowed in refused:
            say(in_one_line(f"NOT ALLOWED. {not_allowed}"))
    raise typer.Exit(0 if found.is_whole and not refused else 1)


@clean
def _stamped(
    found: Verification, place: Path, witness: Path | None, roots: Path | None
) -> tuple[Verification, list[Stamped]]:
    from dataclasses import replace

    from escalon.casebook.chain import Fault
    from escalon.casebook.time_stamp import roots_of, stamps_of

    if roots is None or found.problem:
        return found, []
    if witness is None:
        raise CasebookError("time stamps are kept by a witness. Write --witness WITNESS too")
    if not (stamped := list(stamps_of(witness, place, roots_of(roots)))):
        raise CasebookError(
            f"{witness} keeps no time stamp of {place}. Ask for one: escalon witness --time-stamp ADDRESS"
        )
    wrong = [Fault(one.number, one.wrong) for one in stamped if one.wrong]
    return (replace(found, problem=wrong[0]) if wrong else found), stamped


@clean
def _replayed(place: Path) -> list[NotAllowed]:
    from escalon.casebook.location import open_casebook, settings_of
    from escalon.conduct.record.replay import not_allowed

    if not (place / "casebook.toml").is_file():
        raise CasebookError(f"{place}: --conduct replays a casebook; restore the archive first: escalon restore")
    casebook = open_casebook(place, read_only=True)
    try:
        study = read_study(settings_of(place).get("study") or casebook.study.split(" ")[0])
        with progress("replaying", casebook.head.number):
            return list(not_allowed(study, casebook.entries(), casebook.entries(kinds=["AmendmentAdopted"])))
    finally:
        casebook.close()


@clean
def _verified(place: Path, printed: list[str], key: str | None, witness: Path | None) -> Verification:
    from escalon.casebook.chain import Vouched, parse_anchor, parse_key
    from escalon.casebook.proof import prove
    from escalon.casebook.witness import anchors_of, parts_from

    try:
        anchors: list[tuple[int, str] | Vouched] = [parse_anchor(one) for one in printed]
        root = None if key is None else parse_key(key)
    except ValueError as wrong:
        raise CasebookError(str(wrong)) from wrong
    if witness is not None:
        seen, parts = anchors_of(witness, place), parts_from(witness, place)
        if not (seen or parts):
            raise CasebookError(
                f"{witness}: this witness has stated nothing of {place}, so it vouches for nothing. "
                f"Have it look first: escalon witness {witness} {place}"
            )
        anchors += seen
        if parts:
            note(parts)
    with progress("verifying") as bar:
        return prove(place, anchors, root, bar)


@clean
def witness(
    folder: Annotated[Path, Argument(metavar="WITNESS", help="The witness's folder; made the first time.")],
    casebook: Annotated[Path, Argument(metavar="CASEBOOK", help="A casebook's folder, or an archive's.")],
    time_stamp: Annotated[
        str | None, Option("--time-stamp", help="Address of an authority (RFC 3161) that stamps it as well.")
    ] = None,
) -> None:
    """Verify a casebook, and sign where it ends; later only what has grown from there is signed.

    Keep the folder away from the casebook: on another computer, a memory stick, in a colleague's account. Then
    escalon verify book/ --witness WITNESS shows a record that was rewritten, cut, or put back.

    escalon witness WITNESS book/ --time-stamp https://tsa.example   its time is then an authority's, and
    escalon verify book/ --witness WITNESS --time-stamps ROOTS.pem holds the record against that too
    """
    from escalon.casebook.clock import ComputerClock
    from escalon.casebook.time_stamp import stamp
    from escalon.casebook.witness import observe

    seen = observe(folder, casebook, ComputerClock().now())
    say(f"seen {seen.number}:{seen.hash}\nsignature {seen.signature}")
    if time_stamp:
        say(f"time stamp {stamp(folder, seen, time_stamp).name}")
