"""What a measured quantity can be, what must be confirmed, and what is unusual: declared once, by its name in data.

Outside `possible` a value is refused; outside `confirm` it is kept and not used until somebody confirms it; outside
`unusual` it is used and flagged. An instrument's item may say its own range; what it leaves out is the quantity's. Each
range stands in the unit beside it and is carried over exactly into any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from escalon.expressions.tree import Kind
from escalon.facts import convert
from escalon.instruments.kit.item import Item

Ends = tuple[Fraction | None, Fraction | None]

OURS = "our rule: no published limit of plausibility was found; wide enough that what lies outside is a slip or a wrong unit"
_TABLE = """
age                    a              0:150      16:110     18:100
weight                 kg             10:400     25:300     30:200
height                 cm             50:260     100:230    130:210
temperature            Cel            25:45      30:43      34:42
systolic_bp            mm[Hg]         0:300      40:280     60:260
diastolic_bp           mm[Hg]         0:250      20:200     30:160
haemoglobin            g/L            0:300      20:250     30:220
wbc                    10*9/L         0:2000     :1000      :100
neutrophils            10*9/L         0:1000     :500       :80
lymphocytes            10*9/L         0:2000     :1000      :50
platelets              10*9/L         0:10000    :5000      1:1500
creatinine             umol/L         0:10000    20:1500    20:1500
creatinine_clearance   mL/min         0:400      :300       :250
gfr                    mL/min/{1.73_m2} 0:400    :300       :200
crp                    mg/L           0:2000     :1000      :300
esr                    mm/h           0:300      :200       :150
igg                    g/L            0:200      :100       :60
c3                     g/L            0:10       :5         :3
c4                     g/L            0:5        :2         :1
upcr                   mg/mmol        0:20000    :10000     :3000
acr                    mg/mmol        0:20000    :10000     :3000
urine_protein_24h      g/d            0:200      :100       :40
prednisone_equivalent  mg/d           0:10000    :2000      :250
rheumatoid_factor      IU/mL          0:100000   :50000     :10000
acpa                   U/mL           0:100000   :50000     :10000
"""


@dataclass(frozen=True, slots=True)
class Range:
    """The three ranges of a quantity in its unit, and where they come from."""

    unit: str
    possible: Ends
    confirm: Ends
    unusual: Ends
    source: str = OURS


def _ends(text: str) -> Ends:
    low, _, high = text.partition(":")
    return (Fraction(low) if low else None, Fraction(high) if high else None)


RANGES: Mapping[str, Range] = MappingProxyType(
    {
        name: Range(unit, _ends(possible), _ends(confirm), _ends(unusual))
        for name, unit, possible, confirm, unusual in (line.split() for line in _TABLE.strip().splitlines())
    }
)


def range_of(name: str) -> Range | None:
    """The ranges of a quantity by its name in data (`creatinine`); None for what has none, such as a score."""
    return RANGES.get(name)


def with_ranges(item: Item) -> Item:
    """An item with what its quantity says of its range wherever it says nothing itself."""
    known = range_of(item.fact or "")
    if known is None or item.kind not in (Kind.NUMBER, Kind.INTEGER):
        return item
    low, high = _in_unit(known.possible, known, item)
    return replace(
        item,
        low=low if item.low is None else item.low,
        high=high if item.high is None else item.high,
        query=_in_unit(known.confirm, known, item) if item.query == (None, None) else item.query,
        doubtful=_in_unit(known.unusual, known, item) if item.doubtful == (None, None) else item.doubtful,
    )


def _in_unit(ends: Ends, known: Range, item: Item) -> tuple[int | Fraction | None, int | Fraction | None]:
    def carried(end: Fraction | None) -> int | Fraction | None:
        if end is None:
            return None
        value = _three_digits(convert(end, known.unit, item.unit or known.unit, item.substance))
        return int(value) if value.denominator == 1 else value

    return carried(ends[0]), carried(ends[1])


def _three_digits(value: Fraction) -> Fraction:
    """An end of a range to three significant digits: a limit of plausibility has no more, in whatever unit."""
    return Fraction(Decimal(f"{float(value):.3g}"))
