"""What a measured quantity can be, what must be confirmed, and what is unusual: declared once, by its name in data.

Outside `possible` a value is refused; outside `confirm` it is kept and not used until somebody confirms it; outside
`unusual` it is used and flagged. An instrument's item may say its own range; what it leaves out is the quantity's. Each
range stands in the unit beside it and is carried over exactly into any other.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from escalon.expressions.tree import Kind
from escalon.facts import UnitError, convert
from escalon.instruments.kit.item import Item

Ends = tuple[Fraction | None, Fraction | None]

OURS = (
    "a plausibility limit set here, not a published one: it stops a slip of the finger or a wrong unit and is no reference "
    "range, so it is wide; nothing inside it is said to be normal, and what is outside `confirm` counts once confirmed"
)
_TABLE = """
age                    a                0:150       16:110      18:100
weight                 kg               10:400      25:300      30:200
height                 cm               50:260      100:230     130:210
temperature            Cel              25:45       30:43       34:42
systolic_bp            mm[Hg]           0:300       40:280      60:260
diastolic_bp           mm[Hg]           0:250       20:200      30:160
haemoglobin            g/L              0:300       20:250      30:220
haemoglobin            mmol/L           0:18.6      1.2:15.5    1.9:13.7
wbc                    10*9/L           0:2000      :1000       :100
neutrophils            10*9/L           0:1000      :500        :80
lymphocytes            10*9/L           0:2000      :1000       :50
eosinophils            10*9/L           0:5000      :500        :100
cd4                    10*9/L           0:500       :50         :5
cd19_b_cells           /uL              0:5000000   :500000     :5000
platelets              10*9/L           0:10000     :5000       1:1500
creatinine             umol/L           0:10000     10:1500     20:1500
creatinine_clearance   mL/min           0:400       :300        :250
gfr                    mL/min/{1.73_m2} 0:400       :300        :200
crp                    mg/L             0:2000      :1000       :300
esr                    mm/h             0:300       :200        :150
alt                    U/L              0:500000    :50000      1:5000
ast                    U/L              0:500000    :50000      1:5000
alp                    U/L              0:200000    :20000      5:3000
ggt                    U/L              0:200000    :20000      1:3000
ldh                    U/L              0:2000000   :200000     20:20000
cpk                    U/L              0:20000000  :2000000    2:100000
lipase                 U/L              0:2000000   :200000     :10000
amylase                U/L              0:2000000   :200000     :10000
total_bilirubin        umol/L           0:20000     :2000       1:700
urate                  umol/L           0:50000     :5000       20:1500
inr                    1                0:500       0.3:50      0.7:15
prothrombin_time       s                0:1000      4:300       7:150
aptt                   s                0:1000      5:500       12:250
fibrinogen             g/L              0:300       :30         :15
haptoglobin            g/L              0:200       :20         :8
albumin                g/L              0:1000      3:100       10:65
sodium                 mmol/L           0:2200      80:220      100:190
potassium              mmol/L           0:200       0.8:20      1.5:9
bicarbonate            mmol/L           0:800       1:80        3:60
calcium                mmol/L           0:80        0.3:8       1:5
calcium                mg/dL            0:320       1.2:32      4:20
ionised_calcium        mmol/L           0:50        0.1:5       0.4:3
magnesium              mmol/L           0:150       0.05:15     0.2:6
magnesium              mg/dL            0:360       0.12:36     0.5:15
glucose                mmol/L           0:2000      0.1:200     0.5:80
glucose                mg/dL            0:36000     2:3600      10:1450
cholesterol            mmol/L           0:800       0.1:80      0.5:30
cholesterol            mg/dL            0:31000     4:3100      20:1200
triglycerides          mmol/L           0:4000      :400        0.1:100
triglycerides          mg/dL            0:350000    :35000      10:9000
ferritin               ug/L             0:20000000  :2000000    1:200000
igg                    g/L              0:200       :100        :60
igm                    g/L              0:2000      :200        :20
iga                    g/L              0:2000      :200        :20
c3                     g/L              0:10        :5          :3
c4                     g/L              0:5         :2          :1
upcr                   mg/mmol          0:20000     :10000      :3000
acr                    mg/mmol          0:20000     :10000      :3000
urine_protein_24h      g/d              0:200       :100        :40
urine_rbc_hpf          1                0:100000    :10000      :1000
urine_wbc_hpf          1                0:100000    :10000      :1000
saliva_flow            mL/min           0:200       :20         :5
ana_titre              1                0:100000000 :10000000   :100000
prednisone_equivalent  mg/d             0:10000     :2000       :250
rheumatoid_factor      IU/mL            0:100000    :50000      :10000
acpa                   U/mL             0:100000    :50000      :10000
qtc                    ms               0:9000      200:900     300:700
ejection_fraction      %                0:100       3:95        10:85
ph                     1                6:8.5       6.5:8.2     6.8:7.8
dlco                   mL/min/mmHg      0:1000      :100        1:60
fev1                   %                0:250       3:220       10:160
fvc                    %                0:250       3:220       10:160
"""

# The quantity that another name of a test, of its limit or of an earlier value of it stands for.
_ALSO = {
    "hemoglobin": "haemoglobin",
    "white_cells": "wbc",
    "anc": "neutrophils",
    "lowest_anc": "neutrophils",
    "bilirubin": "total_bilirubin",
    "egfr": "gfr",
    "rf": "rheumatoid_factor",
    "urine_protein": "urine_protein_24h",
    "protein_24h": "urine_protein_24h",
}
_OF_THE_SAME = re.compile(r"^(previous_)?(?P<name>.+?)(_upper_limit|_lower_limit|_upper|_lower|_baseline)?$")


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


def _ranges() -> dict[str, tuple[Range, ...]]:
    found: dict[str, tuple[Range, ...]] = {}
    for line in _TABLE.strip().splitlines():
        name, unit, possible, confirm, unusual = line.split()
        found[name] = (*found.get(name, ()), Range(unit, _ends(possible), _ends(confirm), _ends(unusual)))
    return found


RANGES: Mapping[str, tuple[Range, ...]] = MappingProxyType(_ranges())


def ranges_of(name: str) -> tuple[Range, ...]:
    """The ranges of a quantity by its name in data (`creatinine`), one for each system of units that does not convert.

    `acr70.crp_upper_limit` and `previous_creatinine` have those of the quantity itself. Empty for what has none, such as a score.
    """
    match = _OF_THE_SAME.match(name.rpartition(".")[2])
    for known in (name, match["name"] if match else name):
        if found := RANGES.get(_ALSO.get(known, known)):
            return found
    return ()


def with_ranges(item: Item, name: str = "") -> Item:
    """An item (of that name in its instrument) with what its quantity says of its range wherever it says nothing itself."""
    if item.kind not in (Kind.NUMBER, Kind.INTEGER):
        return item
    for known in ranges_of(item.fact or (name if item.high is None else "")):
        with suppress(UnitError):
            return _filled(item, known)
    return item


def _filled(item: Item, known: Range) -> Item:
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
        value = Fraction(Decimal(f"{float(convert(end, known.unit, item.unit or known.unit, item.substance)):.3g}"))
        return int(value) if value.denominator == 1 else value

    return carried(ends[0]), carried(ends[1])
