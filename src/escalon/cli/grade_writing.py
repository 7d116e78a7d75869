"""How `escalon grade` and `escalon score` read NAME=VALUE, and how a grade is written."""

from typing import TYPE_CHECKING, Any

from escalon.cli.output import fail, say

if TYPE_CHECKING:
    from escalon.facts import Finding


def read_items(items: list[str] | None, write: str = "Write, for example, temp_c=38.5") -> dict[str, Any]:
    """`NAME=VALUE` pairs as a mapping; a name given twice or a part without `=` is refused. `confirm` may be repeated."""
    found: dict[str, Any] = {}
    for item in items or ():
        if item.startswith("--"):
            fail(f"there is no option {item.split('=')[0]}. `--help` lists them")
        name, sign, value = (part.strip() for part in item.partition("="))
        if not sign or not name:
            fail(f"{item!r} is not NAME=VALUE. {write}")
        if name in found and name.lower() not in ("confirm", "confirmed"):
            fail(f"{name} is given twice")
        found[name] = f"{found[name]},{value}" if name in found else value
    return found


def inputs_of(name: str) -> str:
    """The inputs of an instrument with what each accepts, for `--help`."""
    from escalon.instruments.kit.catalogue import find

    lines = ["[bold]Inputs[/]"]
    for key, item in find(name).items.items():
        unit = f" {item.unit}" if item.unit and item.unit != "1" else ""
        optional = "" if item.needed else " · optional"
        lines.append(f"[bold]{key}[/]  {item.about} · {item.range_text()}{unit}{optional}".replace("|", "\\|"))
    return "\n\n".join(lines)


def print_finding(title: str, finding: "Finding") -> None:
    """A grade as a person reads it: the grade or its range, why, what is missing, what it rests on."""
    from escalon.facts import Status

    say(f"{title}: {answer(finding)}")
    for reason in finding.reasons:
        say(f"  {reason}")
    if finding.missing and finding.status is not Status.OK:
        say(f"  to settle it, record: {', '.join(finding.missing)}")
    known = [f"{name} {shown(value)}" for name, value in finding.components.items() if value is not None]
    if known:
        say(f"  with {', '.join(known)}")
    say(f"  rule {finding.rule}")


def answer(finding: "Finding") -> str:
    """`grade 3`, `grade 2 to 3, not settled`, or what is wrong."""
    from escalon.facts import Status, plain

    word = "" if isinstance(finding.value, str) else "grade "
    if finding.status is Status.OK:
        return f"{word}{plain(finding.value)}"
    if finding.status is Status.INVALID:
        return "an input is wrong"
    if finding.bounds and not isinstance(finding.bounds[0], str):
        low, high = finding.bounds
        return f"grade {plain(low)} to {plain(high)}, not settled"
    return f"not settled{': ' + ' or '.join(map(str, finding.bounds)) if finding.bounds else ''}"


def shown(value: Any) -> str:
    """One component in a line."""
    from escalon.facts import plain

    return ", ".join(map(str, value)) if isinstance(value, tuple) else plain(value)
