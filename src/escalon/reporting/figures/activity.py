"""A score over time: one line per participant, by dose level, on the score's own scale with its bands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from escalon.reporting.figures.canvas import FAINT, altair, nothing_to_draw, scales, svg


@dataclass(frozen=True, slots=True)
class Point:
    """One value: whose, at which dose level, on which day from infusion, how much, and in which band."""

    participant: str
    level: str
    day: int
    value: float
    category: str = ""


def activity_figure(
    points: Sequence[Point], title: str, limits: Sequence[tuple[str, float]] = (), note: str = ""
) -> str:
    """The values as SVG; `limits` are the ends of bands, drawn as labelled lines. Day 0 is the infusion."""
    if not points:
        return nothing_to_draw(f"{title}: no value could be computed")
    alt = altair()
    rows: list[dict[str, Any]] = [
        {
            "participant": p.participant,
            "level": p.level,
            "day": p.day,
            "value": round(p.value, 6),
            "category": p.category,
        }
        for p in points
    ]
    colour, dash, shape = scales(sorted({row["level"] for row in rows}))
    x = alt.X("day:Q", title="days from infusion", axis=alt.Axis(tickMinStep=1))
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=True, nice=True))
    base = alt.Chart(alt.Data(values=rows)).encode(x=x, y=y, detail="participant:N")
    lines = base.mark_line(strokeWidth=1.4, opacity=0.85).encode(
        color=alt.Color("level:N", scale=colour, title="dose level"),
        strokeDash=alt.StrokeDash("level:N", scale=dash, title="dose level"),
    )
    marks = base.mark_point(filled=True, size=36).encode(
        color=alt.Color("level:N", scale=colour, title="dose level"),
        shape=alt.Shape("level:N", scale=shape, title="dose level"),
    )
    layers = [*_limits(alt, limits, max(row["day"] for row in rows)), lines, marks, *_names(alt, rows)]
    chart = alt.layer(*layers).properties(
        width=760, height=270, title=alt.TitleParams(title, subtitle=[note] if note else [])
    )
    people = len({row["participant"] for row in rows})
    return svg(chart, f"{title}: {len(rows)} values of {people} participants over days from infusion")


def _limits(alt: Any, limits: Sequence[tuple[str, float]], last: int) -> list[Any]:
    if not limits:
        return []
    data = alt.Data(values=[{"label": label, "value": value, "day": last} for label, value in limits])
    lines = alt.Chart(data).mark_rule(color=FAINT, strokeDash=[3, 3], opacity=0.7).encode(y="value:Q")
    text = alt.Chart(data).mark_text(align="right", baseline="top", dy=2, color=FAINT, fontSize=10)
    return [lines, text.encode(x="day:Q", y="value:Q", text="label:N")]


def _names(alt: Any, rows: Sequence[dict[str, Any]]) -> list[Any]:
    last: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["participant"] not in last or row["day"] > last[row["participant"]]["day"]:
            last[row["participant"]] = row
    data = alt.Data(values=list(last.values()))
    text = alt.Chart(data).mark_text(align="left", dx=6, fontSize=9, color=FAINT)
    return [text.encode(x="day:Q", y="value:Q", text="participant:N")]
