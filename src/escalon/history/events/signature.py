"""Signatures: a printed name and a meaning, bound to the hash of what was signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from escalon.history.events.event import Event


@dataclass(frozen=True, kw_only=True)
class Signed(Event):
    """A person entered the password again and signed. `digest` is the hash of what was signed, as it then stood."""

    printed_name: str
    meaning: str
    digest: str
    second_factor: bool = False
    key_signature: str = ""
    """Made with the person's own key over the rest of this entry; none where the person has no key yet."""
    signs: ClassVar[str] = ""
    """The field with the number of the entry that is signed."""

    @property
    def subject(self) -> int | None:
        """The number of the entry that is signed, if it is one."""
        return getattr(self, self.signs) if self.signs else None

    @property
    def about(self) -> str:
        """What is signed: an entry, a visit, an assumption."""
        return "" if self.subject is None else f"entry {self.subject}"

    @property
    def what(self) -> str:
        """What was signed, by whom and in which meaning."""
        about = f" of {self.about}" if self.about else ""
        return f"{super().what}{about}: {self.printed_name}, {self.meaning}"


@dataclass(frozen=True, kw_only=True)
class EntrySigned(Signed):
    """A person signed an entry, for instance as its author or after reviewing it."""

    entry: int
    signs: ClassVar[str] = "entry"


@dataclass(frozen=True, kw_only=True)
class VisitSigned(Signed):
    """A person signed everything recorded for one visit of one participant."""

    visit: str

    @property
    def about(self) -> str:
        """The visit that is signed."""
        return f"visit {self.visit}"


@dataclass(frozen=True, kw_only=True)
class AssumptionSigned(Signed):
    """A person signed how the study reads its protocol where the protocol is silent; `digest` is of its text."""

    assumption: str

    @property
    def about(self) -> str:
        """The assumption that is signed."""
        return self.assumption
