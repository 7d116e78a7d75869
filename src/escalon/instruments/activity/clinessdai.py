"""ClinESSDAI: ESSDAI without the biological domain, with weights of its own, 0–135.

Not ESSDAI with the biological term left out: five other domains weigh more here. Used where immunoglobulins must not move the
score, as in STAR.
"""

from escalon.expressions.symbols import total
from escalon.instruments.activity.essdai import DOMAINS, baseline_items, domain_items
from escalon.instruments.kit.change import change
from escalon.instruments.kit.instrument import Items, Outcome, instrument


@instrument(
    "ClinESSDAI",
    source="Seror 2016, Ann Rheum Dis 75:1945–1950, doi:10.1136/annrheumdis-2015-208504",
    items=domain_items(clinical=True) | baseline_items("clinessdai", 135),
    code="CLESSDAI",
    unconfirmed="the weights come from one reproduction that names Seror 2016; the paper's own table was not read",
)
def clinessdai(it: Items) -> Outcome:
    """Systemic activity of Sjögren disease without immunoglobulins: level times weight over eleven domains, 0–135."""
    score = total(it[name] * domain.clinical for name, domain in DOMAINS.items() if domain.clinical is not None)
    return Outcome(score, parts={"change": change(it.baseline, score)})
