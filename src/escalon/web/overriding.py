"""An override once it is signed: by how many, and on which page what it allows is recorded."""

from __future__ import annotations

from datetime import datetime

from escalon.conduct.permit.act import RULES
from escalon.conduct.permit.overrides import is_over, signatures_that_count
from escalon.conduct.record.recording import override_valid
from escalon.history import Override
from escalon.protocol import Study


def needed_of(it: Override) -> int:
    """How many people sign an override."""
    return max((one.signatures for one in RULES if one.name in it.given.rules), default=2)


def came_to_its_end(it: Override, study: Study, now: datetime) -> bool:
    """Whether an override that nobody used may be used no longer."""
    return it.used_by is None and is_over(it, now, override_valid(study))


def waits_for_its_act(it: Override, study: Study, now: datetime) -> bool:
    """Whether an override is signed by as many as it needs and still holds, and what it allows is not recorded."""
    needed = needed_of(it)
    is_signed = signatures_that_count(it, needed) >= needed
    return it.used_by is None and is_signed and not came_to_its_end(it, study, now)


def leads(act: str, participant: str, number: int) -> str:
    """The page on which an act is recorded, under an override."""
    person = f"/participants/{participant}"
    where = {
        "CellsInfused": f"{person}/infusion",
        "FolderImported": "/import",
        "CohortOpened": "/cohorts",
        "DecisionProposed": "/cohorts",
    }
    return f"{where.get(act, f'{person}/treatment' if participant else '/')}?override={number}"
