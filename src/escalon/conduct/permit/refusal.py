"""A refusal: which rules an act would break, said to the person who tried it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """One rule an act would break. `signatures` is how many an override needs; 0 means it cannot be overridden."""

    rule: str
    says: str
    signatures: int = 0


class Refused(ValueError):
    """The act is not allowed now; nothing was recorded."""

    def __init__(self, *broken: Broken) -> None:
        self.broken = broken
        super().__init__("; ".join(f"{one.says} [{one.rule}]" for one in broken))


def refuse(rule: str, says: str) -> Refused:
    """A refusal for one reason that no override can lift."""
    return Refused(Broken(rule, says))
