"""The whole protocol in the study's pages: what is read first on one, what is looked up on others, every link to its place."""

from __future__ import annotations

import re

from escalon.protocol import Study
from escalon.protocol.page import body

STUDY, ASSUMPTIONS, RECORD = "/study", "/study/assumptions", "/study/record"


def protocol_parts(study: Study) -> dict[str, str]:
    """The protocol's page by the address that shows it: up to the outcomes, and from what is recorded on."""
    first, _, rest = body(study).partition('<h2 id="assumptions">')
    _, begins, looked_up = rest.partition('<h2 id="facts">')
    contents = first[: first.index("</nav>") + len("</nav>")]
    footer = looked_up[looked_up.index("<footer>") :]
    signed = {one.id for one in study.assumptions} | {"assumptions"}
    whole = {STUDY: first + footer, RECORD: f'{contents}<div class="text">{begins}{looked_up}'}
    return {address: _linked(text, signed) for address, text in whole.items()}


def _linked(text: str, signed: set[str]) -> str:
    """The text with each link to what stands on another page leading there."""
    here = set(re.findall(r' id="([^"]+)"', text))

    def leads(found: re.Match[str]) -> str:
        to = found[1]
        page = ASSUMPTIONS if to in signed else RECORD if to in ("facts", "record") else STUDY
        return found[0] if to in here else f'href="{page}{"" if to == "assumptions" else f"#{to}"}"'

    return re.sub(r'href="#([^"]+)"', leads, text)
