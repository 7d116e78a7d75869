"""Who may do what, where: one table, asked for every way in (pages, commands, interface, import).

A cell says where the role may act: `site` means at the sites the role was granted for (or everywhere, if it was granted
for every site); `-` means never. What concerns the whole trial rather than a participant needs the role at any site.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from escalon.conduct.permit.refusal import refuse
from escalon.history.entry import Author
from escalon.history.events import EVERY_SITE, KINDS, Event, FactCorrected, FactRecorded, Role, spaced
from escalon.history.people import Person

TABLE = Path(__file__).with_name("authority.txt").read_text(encoding="utf-8")

ACT_OF_ROLE = {"left": "ParticipantWithdrawn", "dlt_review": "DltWindowReviewed"}
"""The acts that a fact can stand for as well, and that end a clock or a question."""

BY_SOFTWARE = frozenset(
    {"MarkedSynthetic", "CasebookOpened", "SchemaMigrated", "AccountLocked", "CasebookRestored", "RecoveryCodeSet"}
)
"""Events only the software records, as a consequence of something else."""


def _read(table: str) -> Mapping[str, frozenset[Role]]:
    header, _, *lines = [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]
    roles = [Role(name) for name in header[1:]]
    return {
        act: frozenset(role for role, cell in zip(roles, cells, strict=True) if cell == "site") for act, *cells in lines
    }


ALLOWED = _read(TABLE)


def may(role: Role, act: str, granted_for: str, at_site: str | None) -> bool:
    """Whether a role, granted for one site or for every site, covers this act at this site (None: the whole trial)."""
    here = at_site is None or granted_for in (EVERY_SITE, at_site)
    return here and role in ALLOWED.get(act, frozenset())


def authorise(person: Person | None, author: Author, act: str, at_site: str | None) -> None:
    """Refuse an act that the author, as things stand now, may not do."""
    if person is None or person.is_revoked:
        raise refuse("account", f"{author.person} has no account that may be used")
    try:
        role = Role(author.role)
    except ValueError as unknown:
        raise refuse("role", f"{author.role} is not a role; choose one of {', '.join(Role)}") from unknown
    held = "every site" if author.site == EVERY_SITE else f"site {author.site}"
    if (role, author.site) not in person.roles:
        raise refuse("role", f"{author.person} is not {role} at {held}")
    if not may(role, act, author.site, at_site):
        where = f" at site {at_site}" if at_site else ""
        doing = f"record: {spaced(act)}" if act in KINDS else act
        allowed = ", ".join(sorted(ALLOWED.get(act, ()))) or "nobody"
        raise refuse("authority", f"{role} ({held}) may not {doing}{where}; this is for {allowed}")


def role_that_may(person: Person | None, account: str, act: str) -> tuple[Role, str]:
    """The role, and its site, in which a person may do this; refused if none of theirs may."""
    if person and person.must_change and act in KINDS:
        said = f"{person.secret_set_by} set the password of {account}; change it before you copy: escalon user password"
        raise refuse("password", said)
    held = sorted(person.roles) if person and not person.is_revoked else []
    for role, site in held:
        if may(role, act, site, None):
            return role, site
    doing = f"record: {spaced(act)}" if act in KINDS else act
    allowed = ", ".join(sorted(ALLOWED.get(act, ())))
    raise refuse(
        "authority", f"{account} ({', '.join(role for role, _ in held) or 'no role'}) may not {doing}; {allowed} may"
    )


def acts_of(event: Event, roles: Mapping[str, str]) -> tuple[str, ...]:
    """The acts an event needs authority for: to correct an entry one must also be allowed to make it.

    A fact that says what an act says (`roles`: the study's names of such facts) is recorded by those who may do the act.
    """
    told = [one for one in (event, getattr(event, "now", None)) if isinstance(one, Event)]
    facts = [one.fact.name for one in told if isinstance(one, FactRecorded | FactCorrected)]
    acts = [act for role, act in ACT_OF_ROLE.items() if roles.get(role) in facts]
    return (*(one.kind for one in told), *acts)
