"""The reading as one JavaScript function, so that a form shows the score as it is typed, without a server.

`null` is unknown; a number that is NaN or not there counts as unknown. What is saved is computed again by the server.
"""

import json
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from escalon.expressions.exactness import TOLERANCE, computed_steps
from escalon.expressions.program import Program
from escalon.expressions.tree import COMPARISONS, DOMAIN, INFIX, Input, Kind, Literal, Op, TreeError
from escalon.expressions.widened import ENDS, names_of_ends

_SIGNS = {"eq": "===", "ne": "!==", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}

# What the generated lines call, each helper only those before it; only those that are called are written out.
_HELPERS = {
    name: definition.removesuffix(";").replace("TOLERANCE", repr(TOLERANCE))
    for one in Path(__file__).with_name("helpers.js").read_text(encoding="utf-8").strip().split("\n\n")
    for name, definition in [one.removeprefix("const ").split(" = ", 1)]
}


def javascript(program: Program, exact: bool, name: str = "score", intervals: Collection[str] = ()) -> str:
    """One function that stands alone: `name({esr: 20, …})` gives `{value: 4.4, …}`, a root each.

    `intervals` names the inputs that a `widened` program has as intervals: each may be given as a number or as
    `{low: 0, low_open: false, high: 5, high_open: true}`, an end that is absent as null.

    It throws a TypeError that names the input whose value is of another kind, such as the text of a form field.
    """
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"{name!r} cannot name a JavaScript function")
    computed = computed_steps(program) if exact else frozenset()
    ends = {
        end: f"spans[{place}].{side}"
        for place, each in enumerate(intervals)
        for side, end in zip(ENDS, names_of_ends(each), strict=True)
    }
    lines = [f"const v{number} = {_step(program, number, computed, ends)};" for number in program.needed]
    if intervals:
        lines.insert(0, f"const spans = [{', '.join(f'span(input[{_quoted(each)}])' for each in intervals)}];")
    results = ", ".join(f"{_quoted(root)}: v{number}" for root, number in program.roots.items())
    body = "\n  ".join([*_helpers("\n".join(lines)), *lines, f"return {{{results}}};"])
    return f"function {name}(input) {{\n  {body}\n}}\n"


def _quoted(text: str) -> str:
    """A string literal that may also stand inside a page: `</script>` cannot close the script it is in."""
    return json.dumps(text).replace("<", "\\u003c")


def _helpers(text: str) -> list[str]:
    written: list[str] = []
    for helper, definition in reversed(_HELPERS.items()):  # each helper calls only those before it
        if re.search(rf"(?<![.\w]){helper}\(", text):
            written.insert(0, f"const {helper} = {definition};")
            text += definition
    return written


def _step(program: Program, number: int, computed: frozenset[int], ends: Mapping[str, str]) -> str:
    step = program.steps[number]
    match step.node:
        case Literal(None):
            return "null"
        case Literal(bool(value)):
            return "true" if value else "false"
        case Literal(str(value)):
            return _quoted(value)
        case Literal(value):
            return f"{value}" if isinstance(value, int) else repr(float(value or 0))
        case Input(name, kind):
            reader = {Kind.TRUTH: "truth", Kind.LABEL: "label"}.get(kind, "number")
            return f"{reader}({ends.get(name, f'input[{_quoted(name)}]')}, {_quoted(name)})"
        case Op(name):
            return _operator(program, name, step.parts, computed)
        case _:
            raise TreeError(f"{step.node!r} reads a history; a layer above must put an input in its place")


def _operator(program: Program, name: str, parts: tuple[int, ...], computed: frozenset[int]) -> str:
    v = [f"v{part}" for part in parts]
    listed = f"[{', '.join(v)}]"
    match name:
        case "and" | "or":
            return f"{'all' if name == 'and' else 'any'}({listed})"
        case "not":
            return f"{v[0]} === null ? null : !{v[0]}"
        case "at_least":
            return f"atLeast({v[0]}, [{', '.join(v[1:])}])"
        case "known":
            return f"{v[0]} !== null"
        case "otherwise":
            return f"{v[0]} === null ? {v[1]} : {v[0]}"
        case "case":
            return f"{v[0]} === true ? {v[1]} : {v[0]} === false ? {v[2]} : null"
        case "count_known":
            return f"known({listed}).length"
        case "max_known" | "sum_known":
            return f"{'maxKnown' if name == 'max_known' else 'sumKnown'}({listed})"
        case _:
            asked = [part for part, number in zip(v, parts, strict=True) if not _is_known(program, number)]
            value = _value(name, v, parts, computed)
            return f"{' || '.join(f'{part} === null' for part in asked)} ? null : {value}" if asked else value


def _is_known(program: Program, number: int) -> bool:
    node = program.steps[number].node
    return isinstance(node, Literal) and node.value is not None


def _value(name: str, v: list[str], parts: tuple[int, ...], computed: frozenset[int]) -> str:
    """An operator whose parts are all known."""
    if name in COMPARISONS:
        if computed.isdisjoint(parts):
            return f"{v[0]} {_SIGNS[name]} {v[1]}"
        return f"near0({v[0]} - {v[1]}) {_SIGNS[name]} 0"
    at = DOMAIN.get(name)
    if at is not None and parts[at] in computed:
        v[at] = f"near0({v[at]})"
    match name:
        case "add" | "sub" | "mul":
            return f" {INFIX[name]} ".join(v)
        case "neg":
            return f"-{v[0]}"
        case "abs" | "min" | "max":
            return f"Math.{name}({', '.join(v)})"
        case "exp":
            return f"finite(Math.exp({v[0]}))"
        case "div":
            return f"divided({v[0]}, {v[1]})"
        case _:
            return f"{name}({', '.join(v)})"
