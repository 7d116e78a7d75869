"""What every figure shares: colours that colour-blind readers can tell apart, plain axes, and the way to SVG.

Colour never carries meaning alone: groups differ in shape and dash as well. The drawing library is imported only here,
when a figure is really drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

# Okabe & Ito 2008, "Color Universal Design": told apart with every common colour vision.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3), (10, 4), (1, 2), (4, 1))
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-right", "wedge")
INK, FAINT = "#222222", "#767676"


def altair() -> Any:
    """The drawing library, loaded when first drawn with."""
    import altair as loaded

    return loaded


def scales(groups: Sequence[str]) -> tuple[Any, Any, Any]:
    """Colour, dash and shape of each group, in the order given."""
    alt = altair()
    names = list(groups)
    pick = [number % len(COLOURS) for number in range(len(names))]
    return (
        alt.Scale(domain=names, range=[COLOURS[place] for place in pick]),
        alt.Scale(domain=names, range=[list(DASHES[place]) for place in pick]),
        alt.Scale(domain=names, range=[SHAPES[place] for place in pick]),
    )


def svg(chart: Any, description: str, datasets: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> str:
    """A chart as SVG text with a description for those who cannot see it.

    `datasets` are rows that the chart refers to by name (`alt.NamedData`): handed over as they are, while rows inside a
    chart are copied and checked once for every layer, which takes most of the time of a figure.
    """
    import vl_convert

    finished = chart.properties(description=description).configure(
        font="Helvetica, Arial, sans-serif",
        background="#ffffff",
        padding={"left": 6, "top": 6, "bottom": 6, "right": 30},  # other fonts run wider than the one measured with
        view={"stroke": None},
        axis={"labelColor": INK, "titleColor": INK, "gridColor": "#e6e6e6", "labelFontSize": 11, "titleFontSize": 12},
        legend={"labelColor": INK, "titleColor": INK, "symbolSize": 90, "labelFontSize": 11, "titleFontSize": 12},
        title={"color": INK, "fontSize": 13, "anchor": "start", "subtitleColor": FAINT, "subtitleFontSize": 11},
    )
    drawing = finished.to_dict()
    drawing["datasets"] = drawing.get("datasets", {}) | dict(datasets or {})
    return str(vl_convert.vegalite_to_svg(drawing))


def nothing_to_draw(what: str) -> str:
    """A small figure that says so, in place of an empty one."""
    from html import escape

    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="480" height="60" role="img" aria-label="{escape(what)}">'
        f'<text x="8" y="34" font-family="Helvetica, Arial, sans-serif" font-size="13" fill="{FAINT}">{escape(what)}</text></svg>'
    )
