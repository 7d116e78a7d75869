"""What the `escalon dose` commands read and say alike: amounts with units, percentages with their sign, notes."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, TypeVar

import typer

if TYPE_CHECKING:
    from escalon.facts import Finding

Text: TypeAlias = str | None
Made = TypeVar("Made")
Thing = TypeVar("Thing")


def asked(make: Callable[[], Made]) -> Made:
    """What a call gives, or its message and exit code 2 when what was typed is wrong."""
    try:
        return make()
    except (ValueError, KeyError, OSError) as error:
        wrong(str(error.args[0]) if isinstance(error, KeyError) else str(error))


def wrong(message: str) -> NoReturn:
    """Say what is wrong and leave with exit code 2."""
    typer.echo(f"escalon: {message}", err=True)
    raise typer.Exit(2)


def amount(name: str, text: Text, unit: str) -> Fraction | None:
    """A number that may carry its unit: `55`, `55 kg`; blank is not known."""
    import re

    from escalon.facts import convert, read_number

    found = re.fullmatch(r"\s*([-+]?[\d.,_]+(?:[eE][-+]?\d+)?)\s*(.*?)\s*", text or "")
    if not (text or "").strip():
        return None
    if not found:
        raise ValueError(
            f"--{name} {text!r} is not an amount. Write a number, such as --{name} '20 {unit.strip('{}')}'"
        )
    try:
        return convert(read_number(found[1]), found[2] or unit, unit)
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None


def share(name: str, text: Text) -> Fraction | None:
    """A percentage, with its sign: 0.5 could be half or half a per cent, and the dose would differ a hundredfold."""
    from escalon.facts import exact, read_number

    written = (text or "").strip()
    if not written:
        return None
    if not written.endswith("%"):
        raise ValueError(f"--{name} {written!r} has no % sign, so 0.5 could mean 50 % or 0.5 %. Write --{name} 85%")
    try:
        share = exact(read_number(written[:-1])) / 100
    except ValueError as error:
        raise ValueError(f"--{name}: {error}") from None
    if not 0 <= share <= 1:
        raise ValueError(f"--{name} {written} is outside 0 % to 100 %")
    return share


def tracked(rows: Sequence[Thing]) -> Iterable[Thing]:
    """The rows, with a progress bar on stderr when there are many."""
    from rich.console import Console
    from rich.progress import track

    return track(rows, "doses", console=Console(stderr=True), disable=len(rows) < 1000, transient=True)


def say_notes(findings: "Sequence[Finding]", said: Sequence[str] = ()) -> None:
    """Flags and why, once each; to stderr, so that a pipe keeps only the answer."""
    flags = dict.fromkeys(flag for finding in findings for flag in finding.flags)
    reasons = dict.fromkeys(r for f in findings if f.flags or f.value is None for r in f.reasons if r not in said)
    for note in ([f"flags: {', '.join(flags)}"] if flags else []) + [f"note: {reason}" for reason in reasons]:
        typer.echo(note, err=True)


def shown(value: Any, unit: str) -> str:
    """An amount with two decimals, or that it is not known."""
    return "not known" if value is None else f"{float(value):.2f} {unit}".replace(".00 ", " ")
