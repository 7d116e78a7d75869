"""PGA: the physician's global assessment of lupus activity, 0 (none) to 3 (severe); 1 is mild, 2 moderate.

This is the anchored scale of the SELENA-SLEDAI trials, used by SRI-4, BICLA, LLDAS and DORIS; it is not the 0–100 mm line
of arthritis. A value outside its scale is refused, never clipped.
"""

from typing import Annotated, Any

from escalon.expressions.symbols import case, otherwise
from escalon.instruments.kit.instrument import Outcome, instrument
from escalon.instruments.kit.item import choice, number

ON_0_3 = number("physician's global assessment of lupus, 0–3", 0, 3, fact="physician_global_lupus")
Reading = Annotated[float, number("physician's global assessment, on its scale", 0, 100, also=("value", "now"))]
Baseline = Annotated[
    float,
    number("the same at baseline, on the same scale", 0, 100, also=("pga_baseline",), needed=False, baseline_of="pga"),
]
Scale = Annotated[str, choice("scale of both readings; 0–3 unless said", "SLE_0_3", "mm100", "NRS_0_10", needed=False)]
# The change that counts as worsening: 10 % of the scale (Furie 2009, doi:10.1002/art.24698).
WORSENING = 0.3


@instrument(
    "PGA",
    source="SELENA-SLEDAI physician's global assessment, Petri 2005, doi:10.1056/NEJMoa051135; worsening as in SRI-4, "
    "Furie 2009, Arthritis Rheum 61:1143",
    code="PGASLE",
    notes="The record calls it a VAS of «0-3 mm»: a line of 3 mm cannot be measured, so 0–3 is used (query Q-PGA-UNIT).",
)
def pga(pga: Reading, baseline: Baseline, scale: Scale) -> Outcome:
    """The physician's global assessment on 0–3; with a baseline, the change and whether it is worse by 0.3 or more."""
    used = otherwise(scale, "SLE_0_3")
    per_step = case(used == "mm100", 0.03, used == "NRS_0_10", 0.3, 1)
    highest = case(used == "mm100", 100, used == "NRS_0_10", 10, 3)
    now, before = pga * per_step, baseline * per_step
    return Outcome(
        now,
        parts={"change": now - before, "worsened": has_worsened(before, now)},
        contradictions={
            "the reading lies outside its scale: 0–3, or 0–10 with scale=NRS_0_10, or 0–100 with scale=mm100": pga
            > highest,
            "the baseline lies outside its scale": baseline > highest,
        },
    )


def has_worsened(before: Any, now: Any) -> Any:
    """An increase of 0.3 or more on 0–3. Exact, so 1.9 against 1.6 is 0.3."""
    return now - before >= WORSENING
