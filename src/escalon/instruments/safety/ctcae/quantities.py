"""What CTCAE v5.0 laboratory terms measure, and the units that convert into each exactly."""

from escalon.instruments.safety.ctcae.grading import Quantity

# What is measured: name, unit, other units that convert exactly (with the substance where mass meets amount).
_QUANTITIES = """
hemoglobin           g/L      g/dL       haemoglobin
hemoglobin           mmol/L
white_cells          10^9/L   /uL
neutrophils          10^9/L   /uL
lymphocytes          10^9/L   /uL
cd4                  10^9/L   /uL
platelets            10^9/L   /uL
eosinophils          10^9/L   /uL
alt                  U/L
ast                  U/L
alp                  U/L
ggt                  U/L
ldh                  U/L
cpk                  U/L
lipase               U/L
amylase              U/L
bilirubin            umol/L   mg/dL      bilirubin
creatinine           umol/L   mg/dL      creatinine
urate                umol/L   mg/dL      urate
inr                  1
aptt                 s
fibrinogen           g/L      mg/dL
haptoglobin          g/L      mg/dL
albumin              g/L      g/dL
sodium               mmol/L   -          sodium
potassium            mmol/L   -          potassium
bicarbonate          mmol/L   -          bicarbonate
ph                   1
calcium              mmol/L   umol/L
calcium              mg/dL    g/L
ionised_calcium      mmol/L   umol/L
magnesium            mmol/L   umol/L
magnesium            mg/dL    g/L
glucose              mmol/L   umol/L
glucose              mg/dL    g/L
cholesterol          mmol/L   umol/L
cholesterol          mg/dL    g/L
triglycerides        mmol/L   umol/L
triglycerides        mg/dL    g/L
qtc                  ms
urine_protein        g/24h    mg/24h
ejection_fraction    %
temperature          °C       °F
weight               kg
egfr                 mL/min/1.73m2
dlco                 mL/min/mmHg
fev1                 %
fvc                  %
"""


def _quantities() -> dict[tuple[str, str], Quantity]:
    found = {}
    for line in _QUANTITIES.strip().splitlines():
        name, unit, *more = line.split()
        accepts, substance = tuple(one for one in more[:1] if one != "-"), (more[1] if len(more) > 1 else None)
        found[name, unit] = Quantity(name, unit, accepts, substance)
    return found


QUANTITIES = _quantities()
