"""What the page says of a finding in a line, and what it needs to say nearly the same while one types.

`static/escalon.js` has the same few lines for its preview; a test holds the two together over every row of the
specification. The finding of the server is the answer.
"""

import math
from collections.abc import Mapping
from typing import Any

from escalon.expressions.live import live
from escalon.expressions.program import Program
from escalon.facts import Finding, Status, exact, plain
from escalon.instruments.kit.bands import Band
from escalon.instruments.kit.form import form_of
from escalon.instruments.kit.instrument import Instrument
from escalon.instruments.kit.item import BELOW_LIMIT

NO_BREAK, NARROW = "\u00a0", "\u202f"
"""Between a number and its unit, and between groups of three digits."""
UNGROUPED = 4
"""So many digits stand together."""
_READ = ("applies", "required", "category", "asked:", "item:", "check:", "query:")


def told(instrument: Instrument, finding: Finding) -> dict[str, Any]:
    """A finding as JSON, with the line the page shows and the labels of what is missing."""
    labels = {name: question.label for name, question in form_of(instrument).questions.items()}
    missing = [labels.get(name, name) for name in finding.missing]
    if finding.status is Status.MISSING and not missing:
        missing = [f"at least one of: {', '.join(labels.values())}"]
    return {**finding.as_json(), "says": in_a_line(instrument, finding), "missing_labels": missing}


def in_a_line(instrument: Instrument, finding: Finding) -> str:
    """`3.81, moderate`; `3.84 to 5.24, moderate to high` while something is missing; why there is no score."""
    if finding.status is Status.INVALID:
        return "not accepted"
    if finding.status is Status.NOT_APPLICABLE:
        return "not applicable"
    unit = f"{NO_BREAK}{finding.unit}" if finding.unit else ""
    if finding.value is not None:
        band = f", {in_words(finding.category)}" if finding.category and finding.category != finding.value else ""
        return f"{in_words(finding.value)}{'' if isinstance(finding.value, bool | str) else unit}{band}"
    return _open(instrument, finding, unit) if finding.bounds else "not known yet"


def in_words(value: Any) -> str:
    """A number with its thousands apart and no trailing zero, a yes or no, a label without its underscores."""
    text = plain(value, 4)
    if isinstance(value, bool | str):
        return text.replace("_", " ")
    sign = "-" if text.startswith("-") else ""
    whole, _, part = text.removeprefix("-").partition(".")
    grouped = f"{int(whole):,}".replace(",", NARROW) if len(whole) > UNGROUPED else whole
    return f"{sign}{grouped}{'.' if part else ''}{part}"


def _open(instrument: Instrument, finding: Finding, unit: str) -> str:
    bounds = finding.bounds or ()
    if any(isinstance(end, bool | str) for end in bounds):
        return f"may still be {' or '.join(map(in_words, bounds))}"
    low, high = (bounds[place] for place in (0, -1))
    if low is None or high is None:
        said = f"at least {_outward(low, -1)}" if high is None else f"at most {_outward(high, 1)}"
    else:
        said = f"{_outward(low, -1)} to {_outward(high, 1)}"
    bands = bands_of(instrument)
    labels = dict.fromkeys(_band(bands, end, none) for end, none in ((low, -math.inf), (high, math.inf)) if bands)
    return f"{said}{unit}{', ' if bands else ''}{' to '.join(labels) if bands else ''}"


def bands_of(instrument: Instrument) -> tuple[Band, ...]:
    """The bands from which the category comes; none where a rule of its own gives it."""
    if not instrument.bands or not instrument.default_bands or instrument.traced().category is not None:
        return ()
    return next(iter(instrument.bands.values()))


def _band(bands: tuple[Band, ...], end: Any, infinite: float) -> str:
    value = infinite if end is None else exact(end)
    for band in bands:
        if band.upper is None or value < band.upper or (band.includes_upper and value == band.upper):
            return band.label
    return ""


def _outward(end: Any, sign: int) -> str:
    """An end to two decimals, away from the middle, so that what is said holds."""
    scaled = round(float(end) * 100, 7)
    return in_words((math.floor if sign < 0 else math.ceil)(scaled) / 100)


def scale_of(instrument: Instrument) -> dict[str, Any] | None:
    """The bands as a bar 280 wide from 10 on: each with where it begins, how wide it is and its upper limit."""
    limits = [float(band.upper) for band in bands_of(instrument) if band.upper is not None]
    if not limits:
        return None
    low, high = min(0.0, limits[0]), limits[-1] + (limits[-1] - min(0.0, limits[0])) / 2
    ends = [low, *limits, high]
    at = [round(10 + 280 * (end - low) / (high - low), 1) for end in ends]
    bands = [
        {"x": start, "width": round(end - start, 1), "limit": in_words(limit) if limit != high else ""}
        for start, end, limit in zip(at, at[1:], ends[1:], strict=False)
    ]
    return {"low": low, "high": high, "bands": bands}


def for_the_page(instrument: Instrument, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the page's script needs to preview a score: the program, the items with their units, the bands."""
    form = form_of(instrument)
    whole = instrument.program(**options)
    bounds_of = instrument.traced(**options).bounds_of
    shown = {f"part:{name}" for name in ((bounds_of,) if isinstance(bounds_of, str) else bounds_of or ())}
    roots = {name: at for name, at in whole.roots.items() if name == "value" or name in shown or name.startswith(_READ)}
    questions = form.questions
    items = {}
    for name, item in instrument.items.items():
        stated = {
            "kind": item.kind.value, "low": _end(item.low), "high": _end(item.high), "choices": item.choices,
            "levels": item.levels, "units": questions[name].factors, "needed": item.needed, "instead": item.missing_when,
            "query": [_end(end) for end in item.query], "label": questions[name].label,
        }  # fmt: skip
        items[name] = {key: value for key, value in stated.items() if value or value == 0 or key == "needed"}
    bands = [[band.label, _end(band.upper), band.includes_upper] for band in bands_of(instrument)]
    counted = {one.counted.name: [each.name for each in one.questions] for one in form.marked if one.counted}
    return {
        **live(Program(whole.steps, roots)), "items": items, "bands": bands, "unit": instrument.unit,
        "bounds_of": ["part:" + name for name in ((bounds_of,) if isinstance(bounds_of, str) else bounds_of or ())],
        "counted": counted, "below": BELOW_LIMIT in options,
    }  # fmt: skip


def _end(end: Any) -> float | None:
    return None if end is None else float(end)
