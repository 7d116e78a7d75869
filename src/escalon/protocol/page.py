"""The protocol as one self-contained page: no script, no outside file, the same bytes for the same study folder."""

from collections.abc import Iterable
from importlib.resources import files
from math import log10
from typing import Any

from escalon.facts import plain, together
from escalon.instruments.product.dose import in_powers
from escalon.protocol import prose
from escalon.protocol.study import Criterion, Study
from escalon.protocol.trace import trace


def page(study: Study) -> str:
    """The page as HTML text."""
    from markupsafe import Markup

    return _rendered("page.html.j2", study=study, css=Markup(stylesheet()), body=Markup(body(study)))


def body(study: Study) -> str:
    """What stands on the page, for another page to hold."""
    return _rendered("page_body.html.j2", **_context(study))


def stylesheet() -> str:
    """The styles of the page."""
    return _file("page.css")


def _rendered(name: str, **context: Any) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_file(name)).render(context)


def _file(name: str) -> str:
    return files("escalon.protocol").joinpath(name).read_text(encoding="utf-8")


def _context(study: Study) -> dict[str, Any]:
    return {
        "study": study,
        "prose": prose,
        "plain": plain,
        "groups": tuple(_groups(study)),
        "ladder": _ladder(study),
        "assessments": tuple(_assessments(study)),
        "regimens": tuple(prose.offered_regimens(study)),
        "escalation": prose.escalation_sentences(study),
        "traced": together((one.clause.section, one) for one in trace(study).clauses),
        "facts": _by_group(study),
        "asks": lambda *about: [one.id for one in study.assumptions_about(*about)],
    }


def _groups(study: Study) -> Iterable[dict[str, Any]]:
    """Clauses by kind and by whom they are for, in the order of the record."""
    for kind, some in (("inclusion", study.inclusion), ("exclusion", study.exclusion)):
        for whom in dict.fromkeys(prose.applies_to(one, study) for one in some):
            clauses = [one for one in some if prose.applies_to(one, study) == whom]
            yield {"kind": kind, "whom": whom, "clauses": [_clause(one, study) for one in clauses]}


def _clause(one: Criterion, study: Study) -> dict[str, Any]:
    rule = "\n".join(line.rstrip() for line in one.rule.strip().splitlines())
    return {"clause": one, "sentence": prose.criterion_sentence(one, study), "rule": rule}


def _ladder(study: Study) -> dict[str, Any]:
    """Each level's window on a logarithmic axis, in tenths of the drawing's width."""
    windows = [study.dose.window(one) for one in study.dose.levels]
    lowest, highest = float(windows[0][0]), float(windows[-1][1])
    first, width = log10(lowest) - 0.12, log10(highest) - log10(lowest) + 0.24

    def x(dose: Any) -> float:
        return round(40 + 720 * (log10(float(dose)) - first) / width, 1)

    steps = [
        {"number": one.number, "name": one.name, "dose": in_powers(one.amount.value), "left": x(low), "right": x(high),
         "middle": x(one.amount.value), "window": prose.level_window(study.dose, one), "y": 30 + 44 * (len(windows) - place)}
        for place, (one, (low, high)) in enumerate(zip(study.dose.levels, windows, strict=True), start=1)
    ]  # fmt: skip
    return {"steps": steps, "height": 44 * len(windows) + 34}


def _assessments(study: Study) -> Iterable[dict[str, Any]]:
    """The schedule of assessments: one row for each measure, with the visits at which it is taken."""
    measures = dict.fromkeys(name for visit in study.visits for name in visit.measures)
    for name in measures:
        label = prose.short_name(name, study)
        yield {
            "name": name,
            "label": f"{label[:1].upper()}{label[1:]}",
            "at": [name in visit.measures for visit in study.visits],
        }


def _by_group(study: Study) -> dict[str, list[Any]]:
    """The study's own facts, by group; items of instruments stand in the data dictionary."""
    return together((one.group or "other", one) for one in study.vocabulary.values() if one.place.file)
