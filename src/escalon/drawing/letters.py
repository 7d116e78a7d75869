"""How wide a text is, so that no label lies on another and none is cut off.

Measured with DejaVu Sans, the widest of the common faces without serifs: a page shown in Inter, Helvetica, Arial or Noto needs
less room than was kept, never more. Widths are thousandths of the size of type.
"""

import re
from functools import lru_cache
from unicodedata import east_asian_width

_LETTERS = (
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~–—−×·±µ≤≥°…"
)
_PLAIN = (
    "318 401 460 838 636 950 780 275 390 390 500 838 318 361 318 337 636 636 636 636 636 636 636 636 636 636 337 337 838 "
    "838 838 531 1000 684 686 698 770 632 575 775 752 295 295 656 557 863 748 787 603 787 695 635 611 732 684 989 685 611 "
    "685 390 337 390 838 500 500 613 635 550 635 615 352 635 634 278 278 579 278 974 634 612 635 635 411 521 392 634 592 "
    "818 592 592 525 636 337 636 838 500 1000 838 838 318 838 636 838 838 500 1000"
)
_BOLD = (
    "348 456 521 838 696 1002 872 306 457 457 523 838 380 415 380 365 696 696 696 696 696 696 696 696 696 696 400 400 838 "
    "838 838 580 1000 774 762 734 830 683 683 821 837 372 372 775 637 995 837 850 733 850 770 720 682 812 774 1103 771 "
    "724 725 457 365 457 838 500 500 675 716 593 716 678 435 716 712 343 343 665 343 1042 712 687 716 716 493 595 478 "
    "712 652 924 645 652 582 712 365 712 838 500 1000 838 838 380 838 736 838 838 500 1000"
)
_OF = {
    False: dict(zip(_LETTERS, map(int, _PLAIN.split()), strict=True)),
    True: dict(zip(_LETTERS, map(int, _BOLD.split()), strict=True)),
}
_RAISED = {False: 401, True: 438}
_SPACES = {"\u00a0": 318, "\u2009": 200, "\u202f": 200}


_NEGATIVE = re.compile(r"(?<![^\s(])-(?=\d)")


def with_minus(words: str) -> str:
    """Words in which a negative number has a minus: a code or a day keeps its hyphens.

    >>> with_minus("level -1, day -6 (-2), 2025-03-01, P-1")
    'level −1, day −6 (−2), 2025-03-01, P-1'
    """
    return _NEGATIVE.sub("−", words)


@lru_cache(maxsize=8192)
def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """The room a line of text needs, in the unit of its size."""
    return sum(_letter(letter, bold) for letter in words) * size / 1000


def _letter(letter: str, bold: bool) -> int:
    if (known := _OF[bold].get(letter)) is not None:
        return known
    if letter in _SPACES:
        return _SPACES[letter]
    if letter in "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻₀₁₂₃₄₅₆₇₈₉":
        return _RAISED[bold]
    return 1000 if east_asian_width(letter) in "WF" else 870


def shortened(words: str, size: float, room: float, *, bold: bool = False) -> str:
    """The words, cut to the room with an ellipsis where they are longer."""
    if width_of(words, size, bold=bold) <= room:
        return words
    kept = words
    while kept and width_of(f"{kept}…", size, bold=bold) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
