"""Windows and clocks on the calendar: a bar each, today's line, and in words what each has come to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from escalon.drawing import (
    WIDTH,
    Drawn,
    Linear,
    Piece,
    below,
    box,
    group,
    key,
    like,
    line,
    mark,
    month_ticks,
    nothing,
    picture,
    text,
    width_of,
)
from escalon.drawing.tokens import ALARM, GOOD, INK, MUTED, OPEN, RULE, Paint, dose, shape

_ROW, _BAR = 20.0, 9.0
TONES: dict[str, Paint] = {"": INK, "good": GOOD, "alarm": ALARM, "open": OPEN, "muted": MUTED}


@dataclass(frozen=True, slots=True)
class Running:
    """A window that runs: whose, from which day to which, what it came to, and the days something happened on it.

    `level` is the dose level, 0 where it has none; `tone` is good, alarm (a DLT, or late), open (unsettled) or muted.
    """

    name: str
    start: date
    end: date
    says: str
    level: int = 0
    tone: str = ""
    marks: tuple[tuple[date, str], ...] = ()
    href: str = ""
    title: str = ""


def clocks_figure(
    clocks: Sequence[Running], today: date, empty: str = "No clock runs", until: str = "data cut-off"
) -> str:
    """The clocks as SVG, in the order given; the dashed line is today, or the cut-off."""
    if not clocks:
        return nothing(empty)
    left = 12 + max(width_of(one.name, 11) for one in clocks)
    right = WIDTH - 12 - max(width_of(one.says, 11, bold=True) for one in clocks)
    first, last = min(one.start for one in clocks), max([today, *(one.end for one in clocks)])
    x = Linear(first.toordinal(), last.toordinal() + 1, left + 10, max(right, left + 120))
    bottom = 8 + _ROW * len(clocks)
    ticks, names = month_ticks(first, last, 8)
    if not ticks:
        ticks, names = [first], [f"{first:%d-%b-%Y}"]
    pieces = list(below(x, [day.toordinal() for day in ticks], 4, bottom, names=names))
    for place, one in enumerate(clocks):
        pieces += _clock(one, x, 8 + _ROW * place + _ROW / 2)
    now = x.at(today.toordinal() + 0.5)
    pieces += [line(now, 4, now, bottom, paint=INK, dash="4 3")]
    pieces += _key(clocks, bottom + 32, until)
    return picture(pieces, "; ".join(_sentence(one) for one in clocks) + f"; {until} {today}")


def _clock(one: Running, x: Linear, y: float) -> Iterator[Piece]:
    paint = dose(one.level) if one.level else RULE
    start, end = x.at(one.start.toordinal()), x.at(one.end.toordinal() + 1)
    pieces = [text(x.start - 10, y + 4, one.name, anchor="end")]
    pieces.append(box(start, y - _BAR / 2, max(end - start, 2), _BAR, fill=paint))
    if one.level:
        pieces.append(mark(shape(one.level), start, y, paint=paint, size=5.5))
    for day, _ in one.marks:
        at = x.at(day.toordinal() + 0.5)
        pieces += [
            mark("square", at, y, paint=TONES["alarm"], size=6, hollow=True),
            mark("cross", at, y, paint=ALARM, size=3.6),
        ]
    yield group(pieces, one.title or _sentence(one), one.href)
    yield text(max(x.end, end) + 10, y + 4, one.says, paint=TONES[one.tone], bold=one.tone in ("alarm", "open"))


def _sentence(one: Running) -> str:
    on = "".join(f", {says} on {day}" for day, says in one.marks)
    return f"{one.name} from {one.start} to {one.end}{on}: {one.says}"


def _key(clocks: Sequence[Running], y: float, until: str) -> list[Piece]:
    entries: list[tuple[Drawn | None, str]] = [
        (like(shape(level), dose(level), size=5), f"level {level}")
        for level in sorted({one.level for one in clocks if one.level})
    ]
    if any(one.marks for one in clocks):
        entries.append((like("cross", ALARM, size=3.6), "DLT"))
    return key([*entries, (None, f"dashed: {until}")], 12, y, WIDTH - 8)
