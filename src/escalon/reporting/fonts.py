"""The fonts that come with Escalon, and which characters they can draw: Inter, and for Chinese a part of Droid Sans Fallback."""

import re
import struct
from functools import cache
from importlib.resources import files
from pathlib import Path

FONTS = Path(str(files("escalon") / "fonts"))
_NOT_DRAWN = re.compile(r"[^\x20-\x7e\n]")
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\u00([01][0-9a-f])")
"""A control character as JSON writes it; a backslash that somebody typed stands doubled before it."""
_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff")


def drawable(text: str) -> str:
    """A text in which every character has a glyph: one that has none is named by its number, `[U+9F98]`."""
    known = _known()

    def named(found: re.Match[str]) -> str:
        sign = found[0]
        return sign if ord(sign) in known or sign == "\u200b" else "" if sign in _INVISIBLE else f"[U+{ord(sign):04X}]"

    return _NOT_DRAWN.sub(named, _ESCAPED.sub(lambda found: f"{found[1]}[U+00{found[2].upper()}]", text))


def web_font(weight: str) -> bytes:
    """Inter as a page carries it (WOFF2, letters of European languages): `Regular` or `SemiBold`."""
    return (FONTS / f"Inter-{weight}.woff2").read_bytes()


@cache
def _known() -> frozenset[int]:
    """The characters that both weights of Inter, or the fallback, can draw."""
    regular, bold, fallback = (
        characters(FONTS / f"{name}.ttf") for name in ("Inter-Regular", "Inter-SemiBold", "DroidSansFallback-GB2312")
    )
    return (regular & bold) | fallback


def characters(font: Path) -> frozenset[int]:
    """The characters a TrueType font has a glyph for, read from its table `cmap`, formats 4 and 12 (ISO/IEC 14496-22)."""
    data = font.read_bytes()
    (number,) = struct.unpack_from(">H", data, 4)
    tables = {data[at : at + 4]: struct.unpack_from(">I", data, at + 8)[0] for at in range(12, 12 + 16 * number, 16)}
    start = tables[b"cmap"]
    (parts,) = struct.unpack_from(">H", data, start + 2)
    found: set[int] = set()
    for place in range(parts):
        (offset,) = struct.unpack_from(">I", data, start + 4 + 8 * place + 4)
        found |= _part(data, start + offset)
    return frozenset(found)


def _part(data: bytes, at: int) -> set[int]:
    (kind,) = struct.unpack_from(">H", data, at)
    if kind == 12:
        (groups,) = struct.unpack_from(">I", data, at + 12)
        spans = [struct.unpack_from(">II", data, at + 16 + 12 * one) for one in range(groups)]
    elif kind == 4:
        count = struct.unpack_from(">H", data, at + 6)[0] // 2
        lasts = struct.unpack_from(f">{count}H", data, at + 14)
        firsts = struct.unpack_from(f">{count}H", data, at + 16 + 2 * count)
        spans = [span for span in zip(firsts, lasts, strict=True) if span[0] != 0xFFFF]
    else:
        return set()
    return {sign for first, last in spans for sign in range(first, last + 1)}
