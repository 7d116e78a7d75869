"""B cells over time, and beneath it how long each participant was without them."""

from collections.abc import Sequence
from typing import Any

from escalon.facts import plain
from escalon.kinetics import AplasiaRule, Profile, b_cell_aplasia
from escalon.reporting.figures.canvas import FAINT, INK, altair, nothing_to_draw, scales, svg

_LANES = (
    "Aplasia. Pale: between the last aplastic sample and the next. Arrow: still aplastic. Tick: confirmed recovery."
)


def b_cell_figure(
    profiles: Sequence[Profile], rule: AplasiaRule | None = None, title: str = "B cells in blood", note: str = ""
) -> str:
    """B cells of each participant against days, with the limits of aplasia and recovery, and a bar for each aplasia.

    The axis is linear below the aplasia limit and logarithmic above it, so that zero has a place.
    """
    rule = rule or AplasiaRule()
    counts = [profile.in_unit(rule.unit) for profile in profiles if profile.samples]
    rows = [row for profile in counts for row in _rows(profile)]
    if not rows:
        return nothing_to_draw(f"{title}: no sample with a result")
    groups = list(dict.fromkeys(row["group"] for row in rows))
    first, last = min(row["day"] for row in rows), max(row["day"] for row in rows)
    bars = [bar for profile in counts for bar in _bars(profile, rule)]
    alt = altair()
    need = f"{rule.consecutive} values in a row from {plain(rule.recovered)}/µL"
    subtitle = f"Aplasia: below {plain(rule.below)}/µL. Recovery: {need}. Hollow: below the limit of quantification."
    figure = alt.vconcat(_curves(rows, groups, rule, first, last), _lanes(counts, groups, first, last), spacing=14)
    figure = figure.properties(title=alt.TitleParams(title, subtitle=[*([note] if note else []), subtitle]))
    told = f"{title}: {len(counts)} participants, cells per µL against days, with aplasia from onset to recovery"
    return svg(figure, told, {"counts": rows, "episodes": bars})


def _rows(profile: Profile) -> list[dict[str, Any]]:
    return [
        {
            "participant": profile.participant,
            "group": profile.group or "all",
            "day": float(sample.day),
            "count": 0.0 if sample.level is None else float(sample.level),
            "solid": not sample.is_below,
        }
        for sample in profile.samples
        if sample.is_below or sample.level is not None
    ]


def _bars(profile: Profile, rule: AplasiaRule) -> list[dict[str, Any]]:
    """For each episode: aplastic samples as one bar, the gap to the next sample as a pale one, recovery as a tick."""
    bars = []
    for finding in b_cell_aplasia(profile, rule):
        parts = finding.components
        if "onset_day" not in parts:
            continue
        last, ended, recovery = parts["last_aplastic_day"], parts["ended_before_day"], parts["recovery_day"]
        spans = [(parts["onset_day"], last, "ongoing" if ended is None else "aplastic")]
        spans += [] if ended is None else [(last, ended, "between")]
        spans += [] if recovery is None else [(recovery, recovery, "recovery")]
        who = {"participant": profile.participant, "group": profile.group or "all"}
        bars += [{**who, "start": start, "end": end, "state": state} for start, end, state in spans]
    return bars


def _x(field: str, first: float, last: float, title: str | None) -> Any:
    alt = altair()
    step = 7 if last <= 60 else 30 if last <= 200 else 60 if last <= 400 else 180
    ticks = list(range(0, int(last) + 1, step))
    domain = alt.Scale(domain=[first, last], nice=False, padding=6)
    return alt.X(field, title=title, scale=domain, axis=alt.Axis(values=ticks, format="d", grid=False))


def _curves(rows: list[dict[str, Any]], groups: list[str], rule: AplasiaRule, first: float, last: float) -> Any:
    alt = altair()
    colour, dash, shape = scales(groups)
    below, recovered = float(rule.below), float(rule.recovered)
    top = max(row["count"] for row in rows)
    ticks = [0, 5, below, recovered, 100, 200, 500, 1000, 2000, 5000]
    y = alt.Y(
        "count:Q",
        title="B cells/µL",
        scale=alt.Scale(type="symlog", constant=below, domain=[0, max(top * 1.1, recovered * 2)], nice=False),
        axis=alt.Axis(values=sorted({tick for tick in ticks if tick <= top * 1.1 or tick <= recovered})),
    )
    legend = alt.Legend(title="group") if len(groups) > 1 else None
    hue = alt.Color("group:N", scale=colour, legend=legend)
    x = _x("day:Q", first, last, None)
    base = alt.Chart(alt.NamedData("counts"))
    lines = base.mark_line(strokeWidth=1.4, opacity=0.75)
    lines = lines.encode(x, y, hue, alt.StrokeDash("group:N", scale=dash, legend=None), detail="participant:N")
    points = base.mark_point(size=32, fill="#ffffff", strokeWidth=1.3)
    points = points.encode(x, y, hue, alt.Shape("group:N", scale=shape, legend=legend))
    solid = base.transform_filter("datum.solid").mark_point(filled=True, size=32, opacity=1)
    solid = solid.encode(x, y, hue, alt.Shape("group:N", scale=shape, legend=legend))
    limits = alt.Chart(
        alt.Data(
            values=[
                {"count": below, "label": f"aplasia below {plain(rule.below)}"},
                {"count": recovered, "label": f"recovery from {plain(rule.recovered)}"},
            ]
        )
    )
    rules = limits.mark_rule(color=INK, strokeDash=[4, 3]).encode(alt.Y("count:Q"))
    names = limits.mark_text(align="left", baseline="middle", fontSize=11, color=FAINT)
    names = names.encode(x=alt.value(466), y=alt.Y("count:Q"), text="label:N")
    return alt.layer(rules, lines, points, solid, names).properties(width=460, height=230)


def _lanes(profiles: Sequence[Profile], groups: list[str], first: float, last: float) -> Any:
    """A lane per participant: solid while aplastic, an arrow where it still lasts, a tick at recovery."""
    alt = altair()
    colour, _, _ = scales(groups)
    people = list(dict.fromkeys(profile.participant for profile in profiles))
    y = alt.Y(
        "participant:N", sort=people, title=None, scale=alt.Scale(domain=people), axis=alt.Axis(grid=True, domain=False)
    )
    hue = alt.Color("group:N", scale=colour, legend=None)
    base = alt.Chart(alt.NamedData("episodes"))
    x = _x("start:Q", first, last, "days from the end of infusion")
    lasting = base.transform_filter("datum.state == 'aplastic' || datum.state == 'ongoing'").mark_bar(height=7)
    between = base.transform_filter("datum.state == 'between'").mark_bar(height=7, opacity=0.35)
    arrows = base.transform_filter("datum.state == 'ongoing'")
    arrows = arrows.mark_point(shape="triangle-right", filled=True, size=110, opacity=1, xOffset=5)
    ticks = base.transform_filter("datum.state == 'recovery'").mark_tick(thickness=3, size=15)
    return alt.layer(
        lasting.encode(x, alt.X2("end:Q"), y, hue),
        between.encode(x, alt.X2("end:Q"), y, hue),
        arrows.encode(alt.X("end:Q"), y, hue),
        ticks.encode(x, y, hue),
    ).properties(
        width=460, height=max(40, 16 * len(people)), title=alt.TitleParams(_LANES, fontSize=11, fontWeight="normal")
    )
