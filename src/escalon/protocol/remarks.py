"""Every kind of remark that lint makes, once: its id, how grave it is, what it means and how it is mended (docs/lint.md)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from escalon.protocol.tables import Place

Severity: TypeAlias = Literal["error", "warning", "assumption"]


class RemarkKind(NamedTuple):
    """A kind of remark; `graver` is what some of its remarks are, where not all are as grave."""

    id: str
    name: str
    severity: Severity
    graver: str
    means: str
    cure: str


@cache
def kinds() -> Mapping[str, RemarkKind]:
    """Every kind by its name."""
    said = tomllib.loads(files("escalon.protocol").joinpath("remarks.toml").read_text(encoding="utf-8"))
    return {one["kind"]: _kind(id, one) for id, one in said.items()}


def _kind(id: str, said: dict[str, str]) -> RemarkKind:
    severity, _, graver = said["severity"].partition(" or ")
    return RemarkKind(id, said["kind"], cast(Severity, severity), graver, said["means"], said["cure"])


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to look at: how grave, of what kind, about what, what to do, and where it stands."""

    severity: Severity
    kind: str
    about: str
    what: str
    do: str
    place: Place

    @property
    def id(self) -> str:
        """The id under which docs/lint.md explains it."""
        return kinds()[self.kind].id

    def as_json(self) -> dict[str, Any]:
        """The remark for scripts."""
        return {
            "id": self.id, "severity": self.severity, "kind": self.kind, "about": self.about, "what": self.what, "do": self.do,
            "file": self.place.file, "line": self.place.line,
        }  # fmt: skip


def told(kind: str, about: str, what: str, place: Place, do: str, severity: Severity | None = None) -> Remark:
    """A remark, as grave as its kind is unless it says more."""
    return Remark(severity or kinds()[kind].severity, kind, about, what, do, place)
