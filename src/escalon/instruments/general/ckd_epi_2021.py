"""Glomerular filtration rate by CKD-EPI 2021 from creatinine: normalised to 1.73 m², without race.

An estimate of filtration, not a creatinine clearance: where a protocol says CrCl, see cockcroft_gault.py. The equation of
2009, with its coefficient for race, is not used.
"""

from math import log
from typing import Any

from escalon.expressions.symbols import case, exp, maximum, minimum
from escalon.instruments.general.cockcroft_gault import Age, Creatinine, Sex
from escalon.instruments.kit.instrument import instrument

SOURCE = "Inker 2021 N Engl J Med 385:1737–1749, doi:10.1056/NEJMoa2102953 (creatinine equation of 2021)"


@instrument(
    "eGFR (CKD-EPI 2021)",
    source=SOURCE,
    unit="mL/min/1.73m2",
    code="EGFRCKDE",
    also=("egfr", "gfr", "ckd_epi"),
)
def ckd_epi_2021(age: Age, sex: Sex, creatinine: Creatinine) -> Any:
    """Estimated glomerular filtration rate from age, sex and serum creatinine, in mL/min per 1.73 m² of body surface."""
    mg_per_dl = creatinine / 88.4  # 1 mg/dL is 88.4 µmol/L (spec/instruments)

    def of(kappa: float, alpha: float, factor: float) -> Any:
        """The equation of one sex: the two are computed apart, so that a result of unknown sex lies between them."""
        ratio = mg_per_dl / kappa
        falls = (
            minimum(ratio, 1) ** alpha * maximum(ratio, 1) ** 1.2
        )  # exponents above 0: a range of creatinine gives one
        return 142 / falls * exp(log(0.9938) * age) * factor

    return case(sex == "female", of(0.7, 0.241, 1.012), of(0.9, 0.302, 1))
