"""The seven words at the top of every page, for whom each is there."""

from __future__ import annotations

from escalon.history.events import Role
from escalon.web.desk import Desk
from escalon.web.registry import PAGES

WORDS = (
    ("/", "Today"),
    ("/participants", "Participants"),
    ("/cohorts", "Cohorts"),
    ("/safety", "Safety"),
    ("/samples", "Samples"),
    ("/study", "Study"),
    ("/audit", "Audit"),
)
OF_TRIAL = frozenset({"/screening", "/report", "/packet", "/figures", "/feasibility"})
"""Pages that need a record, or a data folder."""
OVER_FOLDER = (("/screening", "Screening"), ("/report", "Report"), ("/instruments", "Instruments"))
MORE = (
    ("/report", "Report"),
    ("/packet", "Packet of the committee"),
    ("/figures", "Figures"),
    ("/feasibility", "Feasibility"),
    ("/screening", "All screenings"),
    ("/instruments", "Instruments"),
    ("/queries", "Queries"),
    ("/overrides", "Overrides"),
    ("/signatures", "Signatures"),
    ("/import", "Import"),
    ("/admin/backups", "Backups"),
    ("/admin/keys", "Keys and witnesses"),
)
"""What the seven words have no room for, at the foot of every page."""
OF_ADMINISTRATOR = (("/admin/people", "People"), ("/admin/backups", "Backups"), ("/admin/keys", "Keys"))


def navigation(desk: Desk) -> list[tuple[str, str, int]]:
    """The words this reader has a page for, with how much waits there."""
    from escalon.web.pages.today import count_of_matters

    waits = {"/": count_of_matters(desk)}
    return [(address, word, waits.get(address, 0)) for address, word in _words(desk)]


def _words(desk: Desk) -> list[tuple[str, str]]:
    runs_it = OF_ADMINISTRATOR if desk.role is Role.ADMINISTRATOR else ()
    words = WORDS + (runs_it if desk.bench.is_casebook else OVER_FOLDER)
    return [(address, word) for address, word in words if _leads(desk, address)]


def more(desk: Desk) -> list[tuple[str, str]]:
    """The other pages this reader has."""
    above = {address for address, _ in _words(desk)}
    return [(address, word) for address, word in MORE if address not in above and _leads(desk, address)]


def _leads(desk: Desk, address: str) -> bool:
    found = PAGES.get(address)
    if found is None or (address in OF_TRIAL and not desk.bench.is_casebook and not desk.bench.folder):
        return False
    if not desk.bench.is_casebook:
        return found.over_folder
    return desk.role in found.sees or (desk.person is None and found.can_be_open and desk.bench.is_open)
