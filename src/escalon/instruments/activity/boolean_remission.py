"""ACR/EULAR Boolean remission in rheumatoid arthritis, versions 1.0 (2011) and 2.0 (2022), with and without CRP.

All conditions at one visit. They differ in the patient's global judgement: at most 1 of 10 in 1.0, at most 2 in 2.0; the 1.5
that some calculators use was explored and not adopted. Validated on 28 joints: feet are not seen.
"""

from typing import Any

from escalon.expressions.symbols import all_of
from escalon.facts import Status
from escalon.instruments.activity.cdai import PatientGlobal
from escalon.instruments.activity.das28 import Swollen, Tender
from escalon.instruments.kit.instrument import instrument
from escalon.instruments.kit.quantities import CrpMgDl

VERSION_1 = "Felson 2011, doi:10.1002/art.30129"
VERSION_2 = "Studenic 2023, doi:10.1136/ard-2022-223413"


@instrument("Boolean remission 2.0", source=VERSION_2, code="BOOLREM2", when_missing=Status.INDETERMINATE)
def boolean_remission_2(tender: Tender, swollen: Swollen, crp: CrpMgDl, patient_global: PatientGlobal) -> bool:
    """At most 1 tender and 1 swollen joint of 28, CRP at most 1 mg/dL, patient's global at most 2 of 10."""
    return all_of(_joints(tender, swollen), crp <= 1, patient_global <= 2)


@instrument("Boolean remission 1.0", source=VERSION_1, code="BOOLREM1", when_missing=Status.INDETERMINATE)
def boolean_remission_1(tender: Tender, swollen: Swollen, crp: CrpMgDl, patient_global: PatientGlobal) -> bool:
    """At most 1 tender and 1 swollen joint of 28, CRP at most 1 mg/dL, patient's global at most 1 of 10."""
    return all_of(_joints(tender, swollen), crp <= 1, patient_global <= 1)


@instrument("Boolean remission 2.0 without CRP", source=VERSION_2, code="BOOLR2NC", when_missing=Status.INDETERMINATE)
def boolean_remission_2_without_crp(tender: Tender, swollen: Swollen, patient_global: PatientGlobal) -> bool:
    """At most 1 tender and 1 swollen joint of 28 and patient's global at most 2 of 10; never mixed with the form with CRP."""
    return all_of(_joints(tender, swollen), patient_global <= 2)


@instrument("Boolean remission 1.0 without CRP", source=VERSION_1, code="BOOLR1NC", when_missing=Status.INDETERMINATE)
def boolean_remission_1_without_crp(tender: Tender, swollen: Swollen, patient_global: PatientGlobal) -> bool:
    """At most 1 tender and 1 swollen joint of 28 and patient's global at most 1 of 10; never mixed with the form with CRP."""
    return all_of(_joints(tender, swollen), patient_global <= 1)


def _joints(tender: Any, swollen: Any) -> Any:
    return all_of(tender <= 1, swollen <= 1)
