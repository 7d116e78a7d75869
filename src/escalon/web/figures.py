"""The figures of the pages: what a page's dataclass holds, drawn by the one drawing layer. No page draws by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from markupsafe import Markup

from escalon.drawing import mark, nothing, picture
from escalon.drawing.tokens import dose, shape
from escalon.escalation.outlook import outlook as look
from escalon.facts import together
from escalon.protocol.design import dose_rule
from escalon.reporting.figures.clocks import Running, clocks_figure
from escalon.reporting.figures.cohorts import cohorts_figure
from escalon.reporting.figures.dose_strip import Marked, Strip, dose_strip
from escalon.reporting.figures.evidence import evidence_figure
from escalon.reporting.figures.outlook import outlook_svg
from escalon.reporting.figures.participant_axis import participant_axis
from escalon.reporting.figures.recruitment import recruitment_figure
from escalon.reporting.in_words import drawn_in_words
from escalon.web.clocks import ClockShown, next_dose
from escalon.web.desk import Desk
from escalon.web.languages import WORDS, say_plain
from escalon.web.words import day

if TYPE_CHECKING:
    from escalon.web.pages.cohorts import TreatedRow


def shown(svg: str) -> Markup:
    """A drawn figure, in the words that fit the study."""
    return Markup(drawn_in_words(svg, WORDS.get()) if "nfus" in svg else svg)


def _drawn(figure: Callable[..., str]) -> Callable[..., Markup]:
    return lambda *said: shown(figure(*said))


cohorts, evidence = _drawn(cohorts_figure), _drawn(evidence_figure)
"""Everybody on the calendar, by level; what was recorded on each day of the windows."""


def level(number: int) -> Markup:
    """The mark of a dose level: its colour and shape, as every figure has them; the word stands beside it."""
    drawn = mark(shape(number), 8, 8, paint=dose(number), size=5.5)
    return Markup(picture([drawn], f"level {number}", width=16).replace("<svg ", '<svg class="mark" ', 1))


def clocks(running: Sequence[ClockShown], today: date) -> Markup:
    """DLT windows that run or closed lately; each bar opens its participant."""
    found = [
        Running(
            f"{one.participant} · {say_plain(f'level {one.level}')}", one.begins, one.ends, say_plain(one.says), one.level,
            "alarm" if one.dlt_on else "muted" if one.says == "closed" else "open",
            ((one.dlt_on, "DLT"),) if one.dlt_on else (), f"/participants/{one.participant}",
        )
        for one in running
    ]  # fmt: skip
    return shown(clocks_figure(found, today, until="today"))


def recruitment(treated: Sequence[TreatedRow], levels: Sequence[int]) -> Markup:
    """Everybody treated, disease by dose level; each mark opens its participant."""
    people = together(((one.disease or "not recorded", one.level), one.participant) for one in treated)
    hrefs = {one.participant: f"/participants/{one.participant}" for one in treated}
    return shown(recruitment_figure(people, sorted({disease for disease, _ in people}), levels, hrefs))


def outlook(desk: Desk, stratum: str = "") -> Markup:
    """What can happen next, by the rule alone and exactly, in one stratum where each escalates by itself; no risk is assumed."""
    whole = next_dose(desk)
    if isinstance(whole, str):
        return Markup(nothing(whole))
    found, rule = whole.of(stratum), dose_rule(desk.study)
    drawn: str = desk.kept(
        ("outlook", stratum), lambda: outlook_svg(look(rule, found.conduct, (), 2, now=found.decision))
    )
    return shown(day(drawn))


def axis(desk: Desk, code: str) -> Markup:
    """One participant on one time axis."""
    from escalon.web.axis import axis_of

    return shown(day(desk.kept(("axis", code), lambda: participant_axis(axis_of(desk, code), code))))


def strip(
    number: int, amounts: Iterable[tuple[str, str]], tolerance: str, planned: str = "", given: str = ""
) -> Markup:
    """The dose of the infusion against its window; amounts are exact values and their words: target, lowest, highest."""
    target, low, high = (Marked(Fraction(value), words) for value, words in amounts)
    marked = [
        Marked(Fraction(one.partition("|")[0]), one.partition("|")[2]) if one else None for one in (planned, given)
    ]
    return Markup(dose_strip(Strip(number, target, low, high, tolerance), *marked))
