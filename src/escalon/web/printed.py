"""A page that is a whole document of its own, such as the report: what stands in it is allowed by its hash."""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

from starlette.responses import HTMLResponse, Response

from escalon.web.rendering import HAN, part_address
from escalon.web.security import POLICY
from escalon.web.words import days

_PART = re.compile(r"<(script|style)(?:\s[^>]*)?>(.*?)</\1>", re.DOTALL)
_INLINE = re.compile(r"\sstyle=[\"']")


@dataclass(frozen=True)
class Saved:
    """A file to keep: its name and its text."""

    name: str
    text: str

    def answer(self) -> Response:
        """The file, which a browser saves and never opens as a page."""
        attached = {"Content-Disposition": f'attachment; filename="{self.name}"'}
        return Response(self.text.encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=attached)


HAN_RANGE = "U+2E80-9FFF,U+F900-FAFF,U+FE30-FE4F,U+FF00-FFEF"
_HAN = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_WORDS = re.compile(r"(?s)<(script|style)\b.*?</\1>|>[^<]+(?=<)")
"""What is read of a document, between its marks; scripts and styles are met whole, and are none of it."""


@dataclass(frozen=True)
class Printed:
    """A self-contained document in HTML; its days are read as on every page."""

    html: str

    def answer(self) -> HTMLResponse:
        """The document, under a policy that allows its own scripts and styles and nothing else."""
        read = Printed(_with_han(_WORDS.sub(lambda found: found[0] if found[1] else days(found[0]), self.html)))
        return HTMLResponse(read.html, headers={"Content-Security-Policy": read.policy()})

    def policy(self) -> str:
        """The policy: scripts by their hash; styles by theirs, or inline where elements carry their own."""
        hashes: dict[str, list[str]] = {"script": [], "style": []}
        for kind, text in _PART.findall(self.html):
            hashes[kind].append(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'")
        styles = "'unsafe-inline'" if _INLINE.search(self.html) else " ".join(["'self'", *hashes["style"]])
        scripts = " ".join(["'self'", *dict.fromkeys(hashes["script"])])
        policy = POLICY.replace("font-src 'self'", "font-src 'self' data:")  # its letters are within it
        policy = policy.replace("script-src 'self'", f"script-src {scripts}")
        return policy.replace("style-src 'self'", f"style-src {styles}")


def _with_han(html: str) -> str:
    """A document in which somebody wrote Chinese, with the letters for it: its own have none, and a computer may have none."""
    if not _HAN.search(html):
        return html
    face = "@font-face{{font-family:Inter;font-weight:{};src:url({});unicode-range:{}}}"
    faces = "".join(face.format(weight, part_address(HAN.name), HAN_RANGE) for weight in (400, 600))
    return html.replace("font-src data:", "font-src 'self' data:", 1).replace(
        "</head>", f"<style>{faces}</style></head>", 1
    )
