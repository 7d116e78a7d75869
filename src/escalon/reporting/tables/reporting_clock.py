"""What is to be reported by when: every event that is, or may be, a SUSAR, with its clock from the sponsor's awareness."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from escalon.reporting.tables.grid import Grid
from escalon.safety.occurrence import Occurrence
from escalon.safety.seriousness import DEFAULT_CLOCKS, Clocks, Listed, due, susar


@dataclass(frozen=True, slots=True)
class FirstKnown:
    """An event with the day the sponsor learned of it, and the day of each report already sent, by its name."""

    event: Occurrence
    aware: date
    sent: tuple[tuple[str, date], ...] = ()


def clock_grid(
    events: Iterable[FirstKnown], today: date, listed: Iterable[Listed] = (), clocks: Clocks = DEFAULT_CLOCKS
) -> Grid:
    """One row for each report that is due, the most urgent first; late ones say so."""
    information = tuple(listed)
    rows = []
    for known in events:
        for report in due(known.event, known.aware, information, clocks=clocks):
            sent = dict(known.sent).get(report.what)
            reason = "; ".join(susar(known.event, information, clocks=clocks).reasons)
            rows.append(
                (
                    report.by,
                    known.event.participant,
                    known.event.term.name,
                    report.what,
                    str(known.aware),
                    _state(report.by, sent, today),
                    reason,
                )
            )
    ordered = tuple((str(by), *rest) for by, *rest in sorted(rows))
    columns = ("due by", "participant", "event", "report", "aware", "state", "because")
    note = f"Calendar days from awareness (day 0): {clocks.fatal} if fatal or life-threatening, else {clocks.other}."
    local = f"Local law and the ethics committee may be stricter; to the sponsor within {clocks.to_sponsor_hours} hours is usual."
    return Grid("Reports that are due", columns, ordered, (note, local), frozenset(columns))


def _state(by: date, sent: date | None, today: date) -> str:
    if sent is not None:
        return f"sent {sent}" + (f", {(sent - by).days} days late" if sent > by else "")
    left = (by - today).days
    return f"LATE by {-left} days" if left < 0 else "due today" if left == 0 else f"{left} days left"
