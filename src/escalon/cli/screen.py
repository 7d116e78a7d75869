"""`escalon screen`: who may enter, and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer import Option

from escalon.cli.loading import (
    Cutoff,
    DataFolder,
    Reader,
    Readings,
    StudyName,
    load_as_of,
    read_study,
    say_left_out,
)
from escalon.cli.output import AsJson, fail, print_json, print_table, say, say_if_synthetic

if TYPE_CHECKING:
    from escalon.conduct.judge.screening import Screening

EPILOG = """Examples:

  escalon screen {study} demo/data                   one line for each participant

  escalon screen {study} demo/data -p P07            the screening sheet of one, clause by clause

  escalon screen {study} demo/data --with Q-SS-TP=or whom another reading of the record treats otherwise

  escalon screen {study} demo/data --json            everything, for scripts

On a sheet an inclusion is met or not met; an exclusion is absent (it passes) or present (it excludes).

Exit code 0 when everybody screened is eligible, 1 when somebody is not or is undecided, 2 when the input is wrong."""

_COLOURS = {"met": "green", "not met": "red", "unknown": "yellow", "not applicable": "dim"}
_PRESENCE = {"met": "absent", "not met": "present"}
"""How an exclusion's verdict is said: to read that an exclusion is «met» would mean the opposite to a physician."""
_WORDS = {"met": "eligible", "not met": "not eligible", "unknown": "undecided"}


def screen(
    study: StudyName,
    data: DataFolder,
    participant: Annotated[str | None, Option("-p", "--participant", help="The sheet of one participant.")] = None,
    sheets: Annotated[bool, Option("--sheets", help="The sheet of every participant.")] = False,
    readings: Readings = None,
    cutoff: Cutoff = None,
    reader: Reader = None,
    as_json: AsJson = False,
) -> None:
    """Screen every participant against every clause; an exclusion passes only when it is known to be absent."""
    from escalon.conduct.judge.cutoff import left_out
    from escalon.conduct.judge.screening import screen as screen_each

    protocol, intake, trial, day = load_as_of(study, data, reader, cutoff, readings)
    say_left_out(trial, day)
    wanted = [code for code in trial.participants if participant in (None, code)]
    if participant is not None and not wanted:
        fail(f"there is no participant {participant}. There are: {', '.join(trial.participants) or 'none yet'}")
    found = screen_each(protocol, trial, day, wanted)
    as_it_stands = read_study(study) if readings else protocol
    before = screen_each(as_it_stands, trial, day, wanted) if readings else found
    changed = [change for one, was in zip(found, before, strict=True) if (change := _change(one, was))]
    if as_json:
        answer = {"study": protocol.id, "version": protocol.version, "cutoff": str(day), "account": intake.account()}
        later = [one.as_json() for one in left_out(trial)]
        compared = {"compared_with": as_it_stands.version, "changed": changed} if readings else {}
        print_json(answer | compared | {"later": later, "participants": [one.as_json() for one in found]})
    else:
        _print(found, sheets or participant is not None, trial.synthetic)
        if readings:
            _compare(changed, len(found), protocol.version)
    raise typer.Exit(0 if all(one.eligible for one in found) else 1)


def _change(one: "Screening", was: "Screening") -> dict[str, Any]:
    """What a reading changes for one participant: the verdict, and the clauses that answer otherwise; empty if nothing."""
    old = {clause.criterion.id: clause.verdict.value for clause in was.clauses}
    new = {clause.criterion.id: clause.verdict.value for clause in one.clauses}
    clauses = {id: [old.get(id), new.get(id)] for id in dict.fromkeys((*old, *new)) if old.get(id) != new.get(id)}
    if one.verdict == was.verdict and not clauses:
        return {}
    verdicts = [_WORDS[each.verdict.value] for each in (was, one)]
    return {"participant": one.participant, "was": verdicts[0], "becomes": verdicts[1], "clauses": clauses}


def _compare(changed: list[dict[str, Any]], screened: int, version: str) -> None:
    """The participants whom a reading treats otherwise than the study as it stands."""
    rows = [
        (
            one["participant"],
            one["was"],
            one["becomes"],
            "\n".join(
                f"{id}: {was or 'not asked'}, now {now or 'not asked'}" for id, (was, now) in one["clauses"].items()
            ),
        )
        for one in changed
    ]
    if rows:
        print_table(("participant", "as it stands", f"under {version}", "clauses that answer otherwise"), rows)
    verdicts = sum(one["was"] != one["becomes"] for one in changed)
    say(f"of {screened} screened, {len(rows)} are answered otherwise under {version}, {verdicts} with another verdict")


def _print(found: "Sequence[Screening]", sheets: bool, synthetic: bool) -> None:
    say_if_synthetic(synthetic)
    if not sheets:
        _table(found)
        return
    for one in found:
        _sheet(one)


def _table(found: "Sequence[Screening]") -> None:
    from rich.text import Text

    rows = []
    for one in found:
        verdict = one.verdict.value
        reasons = [f"{clause.criterion.id}: {'; '.join(clause.why())}" for clause in one.failed()]
        reasons = reasons or [f"obtain: {wanted}" for wanted in one.obtain]
        why = "\n".join(reasons[:3]) + (f"\n… and {len(reasons) - 3} more" if len(reasons) > 3 else "")
        rows.append((one.participant, one.disease or "?", Text(_WORDS[verdict], _COLOURS[verdict]), why))
    print_table(("participant", "disease", "verdict", "why, or what to obtain"), rows)
    counts = {word: sum(_WORDS[one.verdict.value] == word for one in found) for word in _WORDS.values()}
    say(f"{len(found)} screened: " + ", ".join(f"{number} {word}" for word, number in counts.items()))


def _sheet(one: "Screening") -> None:
    from rich.text import Text

    verdict = one.verdict.value
    title = f"{one.participant} ({one.disease or 'disease not stated'}), decided as of {one.as_of}: {_WORDS[verdict]}"
    rows = []
    for clause in one.clauses:
        excludes, found = clause.criterion.kind == "exclusion", clause.verdict.value
        evidence = clause.obtain if verdict == found == "unknown" else clause.why()
        sentence = f"excluded if: {clause.sentence}" if excludes else clause.sentence
        said = Text(_PRESENCE.get(found, found) if excludes else found, _COLOURS[found])
        rows.append((clause.criterion.id, sentence, said, "\n".join(evidence or clause.why())))
    print_table(("id", "clause", "verdict", "evidence, or what would settle it"), rows, title)
