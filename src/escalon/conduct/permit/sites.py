"""The name of a site: written in one way, so that nobody's record hides at a site that only looks like another."""

from __future__ import annotations

import unicodedata

from escalon.history import Trial
from escalon.history.events import EVERY_SITE
from escalon.sources.folder import written_alike


def why_no_site(trial: Trial, written: str) -> str | None:
    """Why a text names no site: it cannot be read as it stands, or a known site is written nearly so."""
    if written != written.strip() or not written.isprintable():
        return f"site: {written!r} is no name of a site; write it on one line, with no blanks around it"
    known = {one.site for one in trial.courses.values()}
    known |= {site for one in trial.people.by_account.values() for _, site in one.roles}
    if written in known:
        return None
    other = next((one for one in sorted(known - {"", EVERY_SITE}) if _alike(one) == _alike(written)), None)
    return f"site: is {written} not {other}, which is there already?" if other else None


def _alike(site: str) -> str:
    return written_alike(unicodedata.normalize("NFKC", site))
