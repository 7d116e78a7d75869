"""Dose escalation: designs as pure functions of counts, their exact behaviour, and what can still happen.

>>> from escalon.escalation import next_dose, three_plus_three
>>> print(next_dose(three_plus_three(levels=3, variant="V2"), "1NNN 2NTT").as_json()["reason"])
2 of 3 had a DLT at level 2: too toxic, so confirm level 1 on six
"""

from __future__ import annotations

from escalon.escalation.advice import next_dose
from escalon.escalation.backfill import backfill
from escalon.escalation.calendar_guards import dlt_window, sentinel, stagger, whole_cohort_first
from escalon.escalation.catalogue import parse_design
from escalon.escalation.decision import Decision, Departure, Stop, Treat, Wait, headline
from escalon.escalation.errors import EscalationError
from escalon.escalation.guards import (
    at_most,
    enough_and_staying,
    enough_at_current,
    enough_at_next,
    expand_at_mtd,
    no_skipping,
    stop_if,
    total_dlts,
)
from escalon.escalation.notation import Cohort, Conduct, Outcome, Treated, conduct_of, parse_conduct
from escalon.escalation.rule import Rule
from escalon.escalation.stopping import stopping_rule
from escalon.escalation.tally import Tally
from escalon.escalation.three_plus_three import VARIANTS, a_plus_b, three_plus_three
from escalon.escalation.thresholds import Thresholds
from escalon.escalation.toxicity_guards import coherent, lowest_too_toxic, too_toxic
