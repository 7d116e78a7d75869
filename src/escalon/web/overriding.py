"""An override once it is signed: by how many, and on which page what it allows is recorded."""

from __future__ import annotations

from escalon.conduct.permit.act import RULES
from escalon.history import Override


def needed_of(it: Override) -> int:
    """How many people sign an override."""
    return max((one.signatures for one in RULES if one.name in it.given.rules), default=2)


def waits_for_its_act(it: Override) -> bool:
    """Whether an override is signed by as many as it needs, and what it allows is not recorded."""
    return it.used_by is None and len(it.signers) >= needed_of(it)


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
