"""Cells in blood over time: level on a logarithmic axis, the limit of quantification, and samples below it marked as such."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Any

from escalon.facts import UnitError, plain, spelled
from escalon.facts.interval import Interval
from escalon.kinetics import Detection, Profile, Sample
from escalon.reporting.figures.canvas import FAINT, INK, altair, nothing_to_draw, scales, svg

_EARLY_END = 35  # days of the first panel: expansion and peak fall in the first four weeks
# Marks of samples without a level, hollow: detected below the limit, not detected, above the range.
_HOLLOW = {
    Detection.BLQ.value: "triangle-down",
    Detection.BELOW.value: "triangle-down",
    Detection.ND.value: "diamond",
    Detection.ABOVE.value: "triangle-up",
}
_KEY = (
    "Hollow marks have no level: triangle, below the limit of quantification (LLOQ); diamond, not detected;",
    "both stand at half of the LLOQ. Triangle pointing up: above the range. Samples without a result have no mark.",
)


def kinetics_figure(profiles: Iterable[Profile], title: str = "CAR transgene in blood", note: str = "") -> str:
    """All profiles of one analyte in one unit as SVG: one line per participant, colour, dash and shape by group.

    Samples below the limit of quantification stand as hollow marks at half of it and no line runs through them, because
    they have no level; samples without a result are not drawn. Raises UnitError when units differ.
    """
    drawn = tuple(profile for profile in profiles if profile.samples)
    if not any(_height(sample) for profile in drawn for sample in profile.samples):
        return nothing_to_draw(f"{title}: no sample with a result")
    units = {spelled(profile.unit) for profile in drawn}
    if len(units) > 1:
        raise UnitError(f"one figure has one unit, not {' and '.join(sorted(units))}")
    rows = [row for profile in drawn for row in _rows(profile)]
    groups = list(dict.fromkeys(row["group"] for row in rows))
    last = max([1.0, *(row["day"] for row in rows)])
    ends = [end for end in (_EARLY_END, last) if end <= last and any(row["day"] <= end for row in rows)]
    panels = [_panel(rows, groups, drawn, end, number == 0) for number, end in enumerate(ends or [last])]
    subtitle = [*([note] if note else []), *_KEY]
    alt = altair()
    figure = alt.hconcat(*panels, spacing=16).properties(title=alt.TitleParams(title, subtitle=subtitle))
    return svg(figure, _description(drawn, title), {"samples": rows})


def _rows(profile: Profile) -> list[dict[str, Any]]:
    return [
        {
            "participant": profile.participant,
            "group": profile.group or "all",
            "day": float(sample.day),
            "level": height,
            "mark": sample.detection.value,
            "solid": sample.is_quantified,
        }
        for sample in profile.samples
        if (height := _height(sample)) is not None
    ]


def _height(sample: Sample) -> float | None:
    """Where a sample stands on the axis: its level, half the limit below quantification, or the end of the range above it."""
    if sample.is_quantified:
        return None if sample.level is None else float(sample.level)
    if sample.detection is Detection.ABOVE:
        low = sample.known.ends[0] if isinstance(sample.known, Interval) else None
        return float(low) if low else None
    return float(sample.lloq) / 2 if sample.is_below and sample.lloq is not None else None


def _panel(
    rows: list[dict[str, Any]], groups: list[str], profiles: Sequence[Profile], until: float, first: bool
) -> Any:
    """One panel up to a day: lines, marks, and the limit of quantification."""
    alt = altair()
    colour, dash, shape = scales(groups)
    x = alt.X(
        "day:Q",
        title="days from the end of infusion",
        scale=alt.Scale(domain=[min([0.0, *(row["day"] for row in rows)]), until], nice=False, padding=6),
        axis=alt.Axis(values=_ticks(until), format="d", grid=False),
    )
    y = _y_axis(rows, profiles[0].unit, first)
    legend = alt.Legend(title="group") if len(groups) > 1 and first else None
    hue = alt.Color("group:N", scale=colour, legend=legend)
    base = alt.Chart(alt.NamedData("samples")).transform_filter(f"datum.day <= {until}")
    solid = base.transform_filter("datum.solid")
    lines = solid.mark_line(strokeWidth=1.4, opacity=0.75).encode(
        x, y, hue, alt.StrokeDash("group:N", scale=dash, legend=None), detail="participant:N"
    )
    points = solid.mark_point(filled=True, size=34, opacity=1)
    points = points.encode(x, y, hue, alt.Shape("group:N", scale=shape, legend=legend))
    layers = alt.layer(*_limits(profiles, until, first), lines, points, *(_hollow(base, x, y, hue, m) for m in _HOLLOW))
    return layers.properties(width=360 if first else 300, height=280)


def _hollow(base: Any, x: Any, y: Any, hue: Any, mark: str) -> Any:
    """The samples of one kind that have no level, as hollow marks that no line runs through."""
    chosen = base.transform_filter(f"datum.mark === '{mark}'")
    return chosen.mark_point(shape=_HOLLOW[mark], size=40, fill="#ffffff", strokeWidth=1.3, opacity=1).encode(x, y, hue)


def _y_axis(rows: list[dict[str, Any]], unit: str, first: bool) -> Any:
    alt = altair()
    levels = [row["level"] for row in rows]
    low, high = floor(log10(min(levels))), ceil(log10(max(levels)) + 1e-9)
    decades = [10.0**power for power in range(low, high + 1)]
    return alt.Y(
        "level:Q",
        title=unit if first else None,
        scale=alt.Scale(type="log", domain=[decades[0], decades[-1]], nice=False),
        axis=alt.Axis(values=decades, labelExpr="format(datum.value, datum.value < 1 ? '.3~f' : ',.0f')", labels=first),
    )


def _limits(profiles: Sequence[Profile], until: float, first: bool) -> list[Any]:
    """A dashed line for every limit of quantification in use, with its name on the first panel."""
    alt = altair()
    limits = sorted({float(s.lloq) for profile in profiles for s in profile.samples if s.lloq is not None})
    rows = [{"level": limit, "day": until, "label": f"LLOQ {plain(limit, 3)}"} for limit in limits]
    base = alt.Chart(alt.Data(values=rows))
    rule = base.mark_rule(color=INK, strokeDash=[4, 3], strokeWidth=1).encode(alt.Y("level:Q"))
    if not first:
        return [rule]
    text = base.mark_text(align="right", baseline="bottom", dy=-3, fontSize=11, color=FAINT)
    return [rule, text.encode(alt.X("day:Q"), alt.Y("level:Q"), alt.Text("label:N"))]


def _ticks(until: float) -> list[int]:
    """Weeks in the early panel, months later."""
    step = 7 if until <= 60 else 30 if until <= 200 else 60 if until <= 400 else 180
    return list(range(0, int(until) + 1, step))


def _description(profiles: Sequence[Profile], title: str) -> str:
    people = len({profile.participant for profile in profiles})
    samples = sum(len(profile.samples) for profile in profiles)
    return f"{title}: {people} participants, {samples} samples, {profiles[0].unit} on a logarithmic axis against days"
