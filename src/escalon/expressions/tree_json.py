"""A tree as JSON, and its identity: the hash of what it means, the same on every machine and in every version.

A tree is written as its steps, each shared part once, parts before what uses them; the last step is the tree.
"""

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from escalon.expressions.program import program
from escalon.expressions.tree import OPERATORS, Input, Kind, Leaf, Literal, Node, Op, TreeError

_FORM = 1  # raised if the meaning of the form below ever changes


def as_json(node: Node) -> dict[str, Any]:
    """The tree as plain data. Numbers are text (`"0.56"`, `"1/3"`), so that no reader rounds them."""
    written = program({"root": node})
    steps: list[dict[str, Any]] = []
    places = {number: place for place, number in enumerate(written.needed)}
    for number in written.needed:
        step = written.steps[number]
        match step.node:
            case Literal(value):
                steps.append(_literal(value))
            case Input(name, kind):
                steps.append({"input": name, "kind": str(kind)})
            case Op(name):
                steps.append({"op": name, "parts": [places[part] for part in step.parts]})
            case leaf:
                steps.append({"leaf": type(leaf).__name__, **_plain_fields(leaf)})
    return {"form": _FORM, "steps": steps}


def from_json(data: dict[str, Any]) -> Node:
    """The tree that `as_json` wrote. Raises TreeError naming the step that cannot be read."""
    if data.get("form") != _FORM or not data.get("steps"):
        raise TreeError(f"a tree is written as {{'form': {_FORM}, 'steps': […]}}, not as {str(data)[:80]}")
    nodes: list[Node] = []
    for place, step in enumerate(data["steps"]):
        try:
            nodes.append(_node(step, nodes))
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise TreeError(f"step {place} cannot be read: {step}: {error}") from None
    program({"root": nodes[-1]})  # checks operators, numbers of parts and kinds
    return nodes[-1]


def identity(node: Node) -> str:
    """A definition's identity: SHA-256 of its JSON. Equal trees have equal identities, however their parts are shared."""
    text = json.dumps(as_json(node), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _literal(value: int | Fraction | str | bool | None) -> dict[str, Any]:
    match value:
        case None:
            return {"unknown": True}
        case bool():
            return {"truth": value}
        case str():
            return {"label": value}
        case _:
            return {"number": str(value)}


def _node(step: dict[str, Any], nodes: list[Node]) -> Node:
    match step:
        case {"unknown": True}:
            return Literal(None)
        case {"truth": bool(value)}:
            return Literal(value)
        case {"label": str(value)}:
            return Literal(value)
        case {"number": str(text)}:
            number = Fraction(text)
            return Literal(int(number) if number.denominator == 1 else number)
        case {"input": str(name), "kind": kind}:
            return Input(name, Kind(kind))
        case {"op": str(name), "parts": [*parts]} if name in OPERATORS:
            if any(type(part) is not int or not 0 <= part < len(nodes) for part in parts):
                raise ValueError("a part must be the number of an earlier step")
            return Op(name, tuple(nodes[part] for part in parts))
    raise ValueError("expected number, label, truth, unknown, input or op")


def _plain_fields(value: Any) -> dict[str, Any]:
    return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}


def _plain(value: Any) -> Any:
    """What a leaf that reads a history holds, as plain data; such leaves are written for identity only."""
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return str(value.value)
        case Fraction() | str():
            return str(value)
        case tuple() | list():
            return [_plain(part) for part in value]
        case Leaf() | object() if is_dataclass(value):
            return _plain_fields(value)
    raise TreeError(f"{value!r} has no plain form")
