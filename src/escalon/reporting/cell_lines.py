"""How a number of a report came about: from its name to the cells counted, the facts beneath each, and where they stand."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from escalon.conduct.judge.explaining import Line, NothingToExplain
from escalon.reporting.results import names_in

Results = Mapping[str, Any]


def is_cell(name: str) -> bool:
    """Whether a name is one of a report: `T6-4/D90/n`, `L1/3/term`, `S-4/P02/D90`."""
    return name.count("/") >= 2


def explain_cell(results: Results, name: str) -> Line:
    """A cell of a table, a statistic or where somebody stands at a visit, down to file and line. Raises NothingToExplain."""
    for where, told in (("cells", _cell), ("statistics", _statistic), ("at_visits", _at_visit)):
        if name in results[where]:
            return told(results, name, results[where][name])
    raise NothingToExplain(f"the report has no cell {name!r}. {_nearest(results, name)}")


def _nearest(results: Results, name: str) -> str:
    every = [*results["cells"], *results["statistics"], *results["at_visits"]]
    close = get_close_matches(name, every, 3, 0.6)
    within = [one for one in every if one.startswith(name.rpartition("/")[0] + "/")][:6]
    return f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(within or every[:6])}"


def _cell(results: Results, name: str, cell: Mapping[str, Any]) -> Line:
    lines = [Line(f"how: {cell['method']}")] if cell.get("method") else []
    if "value" in cell and str(cell["value"]) != cell["text"]:
        lines.append(Line(f"exactly {cell['value']}"))
    own = name.rpartition("/")[0] + "/"
    same = [key for key in results["statistics"] if key.startswith(own) and _is_of(name, key)]
    beneath = [_statistic(results, key, results["statistics"][key]) for key in same] or [*_grounds(results, cell)]
    return Line(f"{name} = {cell['text']}", (*lines, *(beneath or _of_its_row(results, own))))


def _of_its_row(results: Results, row: str) -> Iterator[Line]:
    """What the other cells of a row rest on, beneath a word or a number that follows from them."""
    beside = [(key, cell) for key, cell in results["cells"].items() if key.startswith(row)]
    lines = tuple(
        _grounds(results, {"grounds": dict.fromkeys(n for _, cell in beside for n in names_in(results, cell))})
    )
    said = ", ".join(f"{key.rpartition('/')[2]} {cell['text']}" for key, cell in beside)
    yield Line(f"no record stands beneath it alone: it is a word, or follows from its row ({said})", lines)


def _is_of(cell: str, statistic: str) -> bool:
    """Whether a statistic is what a column prints: `change_mean` is `change.mean` and `change.sd`."""
    column, what = cell.rpartition("/")[2], statistic.rpartition("/")[2]
    return what in _PRINTED.get(column, (column,))


_PRINTED = {
    "value": ("value.median", "value.low", "value.high"),
    "change_mean": ("change.n", "change.mean", "change.sd"),
    "change_range": ("change.median", "change.low", "change.high"),
    "ci": ("change.ci_low", "change.ci_high"),
    "responders": ("responders", "responders.of", "responders.ci_low", "responders.ci_high"),
    "responders_or_no": (
        "responders_or_no",
        "responders_or_no.of",
        "responders_or_no.ci_low",
        "responders_or_no.ci_high",
    ),
    "participants": ("participants", "participants.of", "participants.ci_low", "participants.ci_high"),
}
"""The statistics a column of an endpoint's table prints, where they are not called as it is."""


def _statistic(results: Results, name: str, one: Mapping[str, Any]) -> Line:
    stands = f"{one['n']} with a value, {one['missing']} missing, {one['not_due']} not due, {one['not_applicable']} n/a"
    beneath = [_at_visit(results, cell, results["at_visits"][cell]) for cell in names_in(results, one, "rests_on")]
    shown = one["value"] if one.get("number") in (None, one["value"]) else f"{one['number']} (exactly {one['value']})"
    return Line(f"{name} = {shown}: {one['method']}; {stands}", tuple(beneath))


def _at_visit(results: Results, name: str, cell: Mapping[str, Any]) -> Line:
    said = [cell["state"]]
    said += [f"{key} {cell[key]}" for key in ("value", "baseline", "change", "day") if key in cell]
    said += [cell["reason"]] if cell.get("reason") else []
    flags = tuple(Line(flag) for flag in cell.get("flags", ()))
    return Line(f"{name}: {', '.join(map(str, said))}", (*flags, *_grounds(results, cell)))


def _grounds(results: Results, one: Mapping[str, Any]) -> Iterator[Line]:
    for name in names_in(results, one):
        ground = results["grounds"][name]
        place = " ".join(filter(None, (ground.get("place", ""), ground.get("hash", "")[:16])))
        when = f" on {ground['day']}" if ground.get("day") else ""
        text = f"{ground.get('participant', '')}: {ground.get('name', '')} {ground.get('value', '')}{when}"
        yield Line(f"{text}  [{place}]" if place else text)
