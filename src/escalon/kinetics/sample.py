"""One sample: what was measured in it, when it was taken, and what the assay said. The one reader of a row of samples.

Every door (a data folder, `escalon kinetics`, a casebook, the report, an export) reads a row with `read_sample`, so that
what one refuses no other prints as a number. Nothing is put in the place of what was not measured: `<5` is what lies below
5, `ND` what the assay could not see, an empty cell no result at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

from escalon.facts import Day, Number, convert, exact, plain, read_number, spelled, words
from escalon.facts.amount import read_amount
from escalon.facts.interval import Interval
from escalon.facts.number import thousands
from escalon.facts.reading import read_elapsed, read_limit
from escalon.facts.written_day import read_written_day
from escalon.kinetics.detection import CUSTOMARY_LLOQ_PER_MICROGRAM, Detection, Limits

Timing: TypeAlias = Literal["clock", "date", "nominal"]
Measured = TypeVar("Measured", Decimal, Fraction)

PRODUCT_NAMES = ("car_transgene", "car_copies")
"""What the analyte that follows the cell product is usually called; a study names its own in `[roles] cells`."""
COLUMNS: Mapping[str, str] = MappingProxyType(
    dict(
        line.split(maxsplit=1)
        for line in Path(__file__).with_name("samples.txt").read_text(encoding="utf-8").splitlines()
    )
)
"""Every column of the samples table, with its meaning."""

_CODES = {
    Detection.ND: (
        *("nd", "undetermined", "not detected", "undetectable", "negative", "neg", "<lod", "below lod"),
        *("未检出", "未检测到", "阴性"),
    ),
    Detection.BLQ: ("blq", "bloq", "blloq", "detected below lloq"),
    Detection.BELOW: ("<lloq", "<loq", "below lloq", "bql"),
    Detection.ABOVE: ("alq", "aloq", "auloq", ">uloq", "above uloq"),
    Detection.MISSING: ("no result", "invalid", "failed"),
}
_CODE_OF = {words.key(word): code for code, some in _CODES.items() for word in some}


class SampleError(ValueError):
    """A row that cannot be used: its column, what stands there, and what to write instead."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value = column, value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was measured in one sample of one person; `value` is a number, an interval, or `None` without a result.

    A number is kept as recorded even where `detection` says that it lies outside what the assay quantifies; there only
    the interval (`known`) may be used. `elapsed` are days from the end of infusion (zero or negative is before); `timing`
    says what they rest on: the clock, calendar dates alone, or only the planned (nominal) day.
    """

    participant: str = ""
    analyte: str = ""
    unit: str = ""
    detection: Detection
    value: Fraction | Interval | None = None
    written: str = ""
    """The result as it was written, every digit and code."""
    lloq: Fraction | None = None
    lod: Fraction | None = None
    uloq: Fraction | None = None
    taken: Day | None = None
    elapsed: Fraction | None = None
    timing: Timing = "clock"
    nominal: Fraction | None = None
    group: str = ""
    visit: str = ""
    source: str = ""
    note: str = ""
    """Why there is no usable result."""
    flags: tuple[str, ...] = ()
    """What makes the level doubtful, such as `below_lowest_standard`."""
    cells: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """The row as it was written, column by column: the clock and the wells among it, and what an export gives back."""

    @property
    def day(self) -> Fraction:
        """Days from the end of infusion; raises SampleError where the sample has not been placed."""
        if self.elapsed is None:
            raise SampleError("date", "", f"{self.participant} {self.analyte}: the sample has no day from infusion")
        return self.elapsed

    @property
    def level(self) -> Fraction | None:
        """The number that was recorded, if one was; below the limit of quantification it is kept and never used."""
        return self.value if isinstance(self.value, Fraction) else None

    @property
    def known(self) -> Fraction | Interval | None:
        """What is certain of the level: the number where it is quantified, else the interval its code stands for."""
        if self.is_quantified or isinstance(self.value, Interval):
            return self.value
        return self.limits.between(self.detection)

    @property
    def limits(self) -> Limits:
        """The limits of the assay, in the unit of the sample."""
        return Limits(self.unit, self.lloq, self.lod, self.uloq)

    @property
    def is_quantified(self) -> bool:
        """Whether the sample is positive: at or above the lower limit of quantification."""
        return self.detection is Detection.QUANTIFIED

    @property
    def is_below(self) -> bool:
        """Whether the assay answered, and the answer was below the lower limit of quantification."""
        return self.detection in (Detection.BLQ, Detection.BELOW, Detection.ND)

    def placed(self, infusion: Day | None = None) -> "Sample":
        """The sample on the axis of days from infusion: by its own clock, else by dates, else by the planned day."""
        dated = None
        if self.taken and infusion and not (self.taken.is_partial or infusion.is_partial):
            dated = Fraction((self.taken.earliest - infusion.earliest).days)
        if self.elapsed is not None:
            if dated is not None and self.cells.get("day") and abs(self.elapsed - dated) >= 1:
                own = plain(self.elapsed, 2)
                message = (
                    f"day {own} is not the date {self.taken}, which is day {dated} from {infusion}. Keep one of them"
                )
                raise SampleError("day", own, message)
            return self
        if dated is not None:
            return replace(self, elapsed=dated, timing="date")
        if self.nominal is not None:
            return replace(self, elapsed=self.nominal, timing="nominal")
        if self.taken and not self.taken.is_partial:
            message = "the date of the sample says nothing without that of the infusion: it is not in the doses table"
            raise SampleError("date", str(self.taken), message)
        raise SampleError("date", str(self.taken or ""), f"no time: {_TIMES}")

    def in_unit(self, unit: str, substance: str | None = None) -> "Sample":
        """The same sample in another unit of the same kind. Raises UnitError: copies/µg never becomes copies/µL."""
        if spelled(unit) == spelled(self.unit):
            return replace(self, unit=unit)

        def changed(number: Fraction | None) -> Fraction | None:
            return None if number is None else convert(number, self.unit, unit, substance)

        value = self.value.mapped(changed) if isinstance(self.value, Interval) else changed(self.value)
        lloq, lod, uloq = (changed(limit) for limit in (self.lloq, self.lod, self.uloq))
        return replace(self, unit=unit, value=value, lloq=lloq, lod=lod, uloq=uloq)


_TIMES = "give the full date, or day, or collected and infusion_end with the clock, or nominal_day"


def read_sample(cells: Mapping[str, str], source: str = "") -> Sample:
    """One row of a samples table, cells by column. Raises SampleError with the column and what to write instead.

    `source` is where the row stands (`samples.csv:12`). A row that names its wells (`qpcr_sample`) and gives no value is
    without a result until `Plates.read` has read it.

    >>> read_sample({"participant": "P01", "analyte": "car_transgene", "day": "7", "value": "<5", "unit": "copies/µL",
    ...     "lloq": "5"}).known
    Interval(low=Fraction(0, 1), high=Fraction(5, 1), low_open=False, high_open=True, may_be_unknown=False)
    """
    row = {name: text.strip() for name, text in cells.items()}
    participant, analyte, unit = (_required(row, name) for name in ("participant", "analyte", "unit"))
    limits = _limits(row, unit)
    taken, elapsed, nominal = _time(row)
    written = row.get("value", "")
    detection, value = _result(written, limits)
    return Sample(
        participant=participant, analyte=analyte, unit=unit, detection=detection, value=value, written=written,
        lloq=_exact(limits.lloq), lod=_exact(limits.lod), uloq=_exact(limits.uloq), taken=taken, elapsed=elapsed,
        nominal=nominal,
        group="" if words.not_known(row.get("group", "")) else row["group"], visit=row.get("visit", ""), source=source,
        note=f"to be read from the wells of {row['qpcr_sample']}" if row.get("qpcr_sample") and not written else "",
        flags=tuple(code for part in row.get("doubts", "").split(";") if (code := part.strip())),
        cells=MappingProxyType({name: row[name] for name in COLUMNS if row.get(name)}),
    )  # fmt: skip


_EXAMPLES = {
    "participant": "a code such as P01",
    "analyte": "what was measured, such as car_transgene",
    "unit": "copies/µL, copies/µg or cells/µL",
}


def _required(row: Mapping[str, str], name: str) -> str:
    if not row.get(name):
        raise SampleError(name, "", f"{name} is empty. Write {_EXAMPLES[name]}")
    return row[name]


def _exact(limit: Number | None) -> Fraction | None:
    return None if limit is None else exact(limit)


def _limits(row: Mapping[str, str], unit: str) -> Limits:
    lloq, lod, uloq = (_number(row, name, unit) for name in ("lloq", "lod", "uloq"))
    per_microgram = spelled(unit) == "{copies}/ug"
    try:
        return Limits(unit, CUSTOMARY_LLOQ_PER_MICROGRAM if lloq is None and per_microgram else lloq, lod, uloq)
    except ValueError as error:
        raise SampleError("lloq", row.get("lloq", ""), str(error)) from None


def measured(text: str) -> Decimal:
    """A number as recorded; refuses what is too large or too small to have been measured (a slip, such as 1e400)."""
    return _within_measure(read_number(text))


def _within_measure(value: Measured) -> Measured:
    if value and not LEAST <= abs(value) < MOST:
        raise ValueError(f"{plain(value, 30)} is beyond anything that is measured. Check the exponent")
    return value


LEAST, MOST = Fraction(1, 10**18), 10**19
FARTHEST = 36_525
"""Days: nobody is followed for more than a hundred years."""


def _number(row: Mapping[str, str], name: str, unit: str) -> Decimal | None:
    """A number, with its unit beside it or not; nothing where the cell only says that it is not known (`NA`)."""
    text = row.get(name, "")
    if words.not_known(text) is not None:
        return None
    try:
        return _within_measure(read_limit(text, unit))
    except ValueError as error:
        raise SampleError(name, text, f"{name} {error}") from None


def _elapsed(row: Mapping[str, str], name: str) -> Fraction | None:
    """Days from the infusion, as `7`, `D7` or `168 h`; nothing where the cell only says that it is not known."""
    text = row.get(name, "")
    if words.not_known(text) is not None:
        return None
    try:
        days = _within_measure(exact(read_elapsed(text)))
    except ValueError as error:
        raise SampleError(name, text, f"{name} {error}") from None
    if abs(days) > FARTHEST:
        raise SampleError(name, text, f"{name} {text} is no day of a trial. Write days from the end of infusion")
    return days


def _result(text: str, limits: Limits) -> tuple[Detection, Fraction | Interval | None]:
    try:
        return read_result(text, limits)
    except ValueError as error:
        raise SampleError("value", text, f"{error}{_OR if 'is not a number' in str(error) else ''}") from None


_OR = ". Or write ND, BLQ, <5, >1000000, or leave it empty if there is no result"


def read_result(text: str, limits: Limits) -> tuple[Detection, Fraction | Interval | None]:
    """A result as laboratories write it: `2150`, `ND`, `BLQ`, `<5`, `>1000000`; blank is no result, never zero."""
    code = _CODE_OF.get(words.key(text))
    if code is None and words.not_known(text) is not None:
        code = Detection.MISSING
    if code is not None:
        return code, limits.between(code)
    amount = read_amount(text)
    if amount.unit and spelled(amount.unit, limits.unit) != spelled(limits.unit):
        raise ValueError(f"{text!r} is not in {limits.unit}, the unit of its row. Write the number and one unit")
    joined = thousands(text)
    if (
        joined
        and limits.lloq is not None
        and isinstance(amount.value, Decimal)
        and amount.value < limits.lloq <= int(joined)
    ):
        said = f"{text!r} would be {joined} if its point parted thousands, and is below the limit if it does not"
        raise ValueError(f"{said}. Write {joined}, or BLQ")
    if isinstance(amount.value, Interval):
        return _beyond(text, amount.value, limits)
    value = exact(_within_measure(amount.value))
    return limits.code(value), value


def _beyond(text: str, known: Interval, limits: Limits) -> tuple[Detection, Interval]:
    """`<5` is below quantification only when 5 is at most the limit; anything else leaves the level open."""
    lloq, uloq = _exact(limits.lloq), _exact(limits.uloq)
    low, high = known.ends
    if low is not None and high is not None:
        raise ValueError(f"{text!r} is a range. Write the number that was measured")
    below, strict = low is None, known.low_open or known.high_open
    bound = _within_measure(exact((high if low is None else low) or 0))
    if bound < 0:
        raise ValueError(f"a level cannot be negative: {known} {limits.unit}")
    if below and bound > 0 and (lloq is None or bound < lloq or (bound == lloq and strict)):
        return Detection.BELOW, Interval(Fraction(0), bound, high_open=strict)
    edge = lloq if uloq is None else uloq
    if not below and (edge is None or bound >= edge):
        return Detection.ABOVE, Interval(low=bound, low_open=strict)
    limit = plain(limits.lloq if below or uloq is None else limits.uloq)
    raise ValueError(
        f"{known} does not say on which side of the limit ({limit} {limits.unit}) it is. "
        "Write the measured value, ND, BLQ, or leave it empty if there is no result"
    )


_CLOCKS = ("collected", "infusion_end")


def _time(row: Mapping[str, str]) -> tuple[Day | None, Fraction | None, Fraction | None]:
    """When the sample was taken: its calendar day, its elapsed days where the row itself gives them, its planned day."""
    recorded = "collected" if row.get("collected") else "date"
    text = row.get(recorded, "")
    try:
        taken = None if words.not_known(text) else Day.parse(text)
    except ValueError as error:
        raise SampleError(recorded, text, str(error)) from None
    day, nominal = (_elapsed(row, name) for name in ("day", "nominal_day"))
    elapsed = day if day is not None else _clocked(row)
    if elapsed is None and nominal is None and (taken is None or taken.is_partial):
        raise SampleError("date", text, f"no time: {_TIMES}")
    return taken, elapsed, nominal


def _clocked(row: Mapping[str, str]) -> Fraction | None:
    """Days from `infusion_end` to `collected` where both carry the clock."""
    collected, infused = (_clock(row, name) for name in _CLOCKS)
    if collected is None or infused is None:
        return None
    if (collected.tzinfo is None) != (infused.tzinfo is None):
        message = "collected and infusion_end must both carry a time zone, or neither"
        raise SampleError("collected", row["collected"], message)
    return Fraction((collected - infused) // timedelta(seconds=1), 86_400)


def _clock(row: Mapping[str, str], name: str) -> datetime | None:
    """A date with its clock time; a bare date has no clock and counts as missing."""
    text = row.get(name, "")
    if words.not_known(text):
        return None
    try:
        written = read_written_day(text)
    except ValueError as error:
        raise SampleError(name, text, f"{name}: {error}") from None
    if written.clock is None:
        return None
    there = None if written.offset is None else timezone(written.offset)
    return datetime.combine(date(written.year, written.month or 1, written.day or 1), written.clock, there)
