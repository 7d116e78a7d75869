"""What must have happened before what. Each rule is one function; every number and clock is the study's.

An override is always possible where a participant's safety may ask for it, and never silent: it is an entry of its own,
with a reason and the signatures the rule asks for. A rule with no signatures keeps the record well-formed; setting it
aside would help nobody.

They are asked in this order: those of a participant, those of cohorts, those of the record.
"""

from escalon.conduct.permit.rules import of_a_participant, of_cohorts, of_the_record

__all__ = ["of_a_participant", "of_cohorts", "of_the_record"]
