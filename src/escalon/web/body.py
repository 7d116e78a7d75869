"""A figure of the body in a page: its picture with a mark at every place, each a control that a keyboard reaches.

Without a script the picture is left out and the same questions stand as a list; with one, either works.
"""

from collections.abc import Mapping
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from markupsafe import Markup

from escalon.instruments.kit.body_map import BodyMap, BodyPlace
from escalon.instruments.kit.form import AskedItem, MarkedLayer

SVG = "http://www.w3.org/2000/svg"
STATED = {"yes": "true", "no": "false"}


def on_paper(figure: BodyMap, marked: MarkedLayer) -> Markup:
    """The picture of one layer to be marked with a pen: no control, nothing answered."""
    picture = ElementTree.fromstring(drawn(figure, marked, {}))
    picture.attrib["role"] = "img"
    for group in picture.iter(f"{{{SVG}}}g"):
        for name in [one for one in group.attrib if one != "class"]:
            del group.attrib[name]
    for text in picture.iter(f"{{{SVG}}}text"):
        text.text = "" if text.text in ("?", marked.layer.mark) else text.text
    return Markup(ElementTree.tostring(picture, encoding="unicode"))


def drawn(figure: BodyMap, marked: MarkedLayer, fields: Mapping[str, str]) -> Markup:
    """The picture of one layer, with what is answered so far."""
    ElementTree.register_namespace("", SVG)
    picture = ElementTree.fromstring(figure.svg)
    picture.attrib |= {
        "role": "group",
        "aria-label": f"{figure.title}: {marked.layer.title.lower()}",
        "class": "figure",
    }
    shapes = {one.attrib.pop("id"): one for one in list(picture) if "id" in one.attrib}
    for place, question in zip(figure.places, marked.questions, strict=True):
        shape = shapes.get(place.name)
        if shape is not None:
            picture.remove(shape)
        picture.append(_mark(figure, marked, place, question, shape, fields.get(question.name, "")))
    return Markup(ElementTree.tostring(picture, encoding="unicode"))


def _mark(
    figure: BodyMap, marked: MarkedLayer, place: BodyPlace, question: AskedItem, shape: Element | None, value: str
) -> Element:
    first = question is marked.questions[0]
    group = Element(f"{{{SVG}}}g", {"data-mark": question.name, "tabindex": "0" if first else "-1"})
    if marked.layer.values:
        group.attrib |= _slider(marked, question, value)
    else:
        label = f"{question.label}, {marked.layer.title.lower()}"
        group.attrib |= {
            "class": "j", "role": "checkbox", "aria-label": label, "aria-checked": STATED.get(value, "mixed"),
        }  # fmt: skip
    x, y = place.at
    group.append(shape if shape is not None else Element(f"{{{SVG}}}circle", _circle(x, y, figure.radius)))
    text = SubElement(group, f"{{{SVG}}}text", {"x": f"{x:g}", "y": f"{y + 5:g}"})
    text.text = (value or "?") if marked.layer.values else marked.layer.mark
    return group


def _circle(x: float, y: float, radius: float) -> dict[str, str]:
    return {"cx": f"{x:g}", "cy": f"{y:g}", "r": f"{radius:g}"}


def _slider(marked: MarkedLayer, question: AskedItem, value: str) -> dict[str, str]:
    low, high = marked.layer.values[0], marked.layer.values[-1]
    found = {
        "class": "site", "role": "slider", "aria-label": question.label, "aria-valuemin": str(low),
        "aria-valuemax": str(high), "aria-valuenow": value or str(low), "aria-valuetext": value or "not scored",
    }  # fmt: skip
    return found | ({"data-v": value} if value else {})
