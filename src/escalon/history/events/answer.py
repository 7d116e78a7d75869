"""What the study's rules answered to a question, kept in the entry that rests on it so that it can be asked again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AnswerPart:
    """One part of an answer: a clause and its verdict, a participant and their outcome."""

    name: str
    says: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer: in one line, part by part, and the SHA-256 of the entries it rested on. The software writes it."""

    says: str
    parts: tuple[AnswerPart, ...] = ()
    rested_on: str = ""

    def differs_from(self, other: Answer) -> tuple[str, ...]:
        """The parts that another answer to the same question says otherwise, each in a few words."""
        before, now = ({part.name: part.says for part in one.parts} for one in (self, other))
        changed = [
            name
            for name in (*before, *(name for name in now if name not in before))
            if before.get(name) != now.get(name)
        ]
        said = [f"{name}: {before.get(name, 'not asked')} then, {now.get(name, 'not asked')} now" for name in changed]
        return tuple(said) if said or self.says == other.says else (f"{self.says} then, {other.says} now",)
