"""Eligibility clauses, assumptions and statements: the registry's words beside our reading of them."""

import json
from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from escalon.expressions.tree import Node
from escalon.protocol.names import names_in
from escalon.protocol.tables import FROZEN, SEVERAL, Free, Id, Said, Span, Table, Text, Words, as_read

CriterionKind: TypeAlias = Literal["inclusion", "exclusion"]


class Clause(Table):
    """A clause of the protocol: the registry's words, our rule, and its tree. `applies` limits it to some participants."""

    id: Id
    says: Words = Said()
    rule: Text
    applies_text: Free = Field("", alias="applies")
    title: Free = ""
    about: Free = ""
    """Why we read the record this way, where that is not plain."""
    settle: Free = ""

    @property
    def heading(self) -> str:
        """What stands for it in a column: its title, else the registry's words, else the rule."""
        return self.title or str(self.says) or self.rule

    @cached_property
    def tree(self) -> Node:
        """The rule as `escalon.criteria` examines it. Raises CriterionError, which the loader turns into a place."""
        return _parsed(self.rule)

    @cached_property
    def applies(self) -> Node | None:
        """Whom the clause is for, as a tree; `None` for everyone."""
        return _parsed(self.applies_text) if self.applies_text else None

    @property
    def trees(self) -> tuple[Node, ...]:
        """The rule and, where there is one, whom it is for."""
        return (self.tree,) if self.applies is None else (self.tree, self.applies)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that the rule, and whom it is for, read; once each, in order."""
        return tuple(dict.fromkeys(name for tree in self.trees for name in names_in(tree)))

    @property
    def file(self) -> str:
        """The file it stands in."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line it stands on."""
        return self.place.line


class Criterion(Clause):
    """A clause of eligibility.

    An inclusion's rule says what must hold. An exclusion's rule says **what excludes**, as the record does: the participant
    passes only when the rule is known to be false.
    """

    kind: ClassVar[CriterionKind] = "inclusion"

    until: Literal["decision", "infusion"] = "decision"
    """How long it is asked: once, about the day of decision, or again on each day up to infusion, as of that day."""


class Exclusion(Criterion):
    """A clause that keeps out those for whom its rule holds."""

    kind: ClassVar[CriterionKind] = "exclusion"


class Watched(Clause):
    """What must not happen during the study: the rule says what a departure is, `since` and `until` when it is watched."""

    since: Literal["consent", "conditioning", "infusion"] = "infusion"
    """The role whose day it is watched from."""
    until: Span | None = None
    """How long after that day; without it, as long as the participant is in the study."""


@lru_cache(2048)
def _parsed(rule: str) -> Node:
    from escalon.criteria import parse

    return parse(rule)


class Alternative(Table):
    """Another reading of the record, and what the folder says under it, or why no folder can say it."""

    says: Text
    name: Free = ""
    """A word to choose it by: `--with Q-SS-TP=or`."""
    rules: Annotated[Mapping[str, Text], FROZEN] = {}
    """The rules of clauses under it, by their ids."""
    instead: Annotated[Mapping[str, Any], FROZEN] = {}
    """Tables of the folder as they read under it: keys replace, entries of an id that is there change, others are added."""
    without: Annotated[tuple[Text, ...], SEVERAL] = ()
    """What is not there under it: the id of an entry, or a key (`dose.stagger`, `DLT-1b.within_hours`)."""
    words_only: Free = ""
    """Why choosing it changes nothing that can be computed."""

    @property
    def is_coded(self) -> bool:
        """Whether it can be put in force."""
        return bool(self.rules or self.instead or self.without)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _reading(value: object) -> object:
    return {"says": value} if isinstance(value, str) else value


class Assumption(Table):
    """A silence or contradiction of the record: the question, our default, the alternatives, and who must sign."""

    id: Id
    about: Annotated[tuple[Text, ...], Field(min_length=1)]
    """What rests on it: ids of criteria, endpoints, levels; or `dose`, `dlt`, `schedule`, `lymphodepletion`, `identity`."""
    question: Text
    default: Text
    alternatives: Annotated[tuple[Annotated[Alternative, as_read(_reading)], ...], Field(min_length=1)]
    signer: Text
    kind: Literal["silence", "contradiction", "wording"] = "silence"
    says: Words = Said()
    source: Free = ""

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        names = [one.name for one in self.alternatives if one.name]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(
                f"two alternatives are called {twice[0]!r}, so neither could be chosen. Give one another name"
            )
        return self

    @property
    def digest(self) -> str:
        """SHA-256 over everything it says, wherever in the folder it stands: what a signature under it is bound to."""
        words = [getattr(self, name) for name in type(self).model_fields if name not in ("place", "alternatives")]
        others = [
            [getattr(one, name) for name in Alternative.model_fields if name != "place"] for one in self.alternatives
        ]
        return sha256(json.dumps([words, others], default=_plain, sort_keys=True).encode()).hexdigest()

    def number_of(self, choice: str) -> int:
        """The number of a reading by its number, its name, or as the one that is coded; 0 is «as assumed». Raises ValueError."""
        coded = {number: one for number, one in enumerate(self.alternatives, start=1) if one.is_coded}
        if choice == AS_ASSUMED:
            return 0
        if choice.isdecimal() and 1 <= int(choice) <= len(self.alternatives):
            return int(choice)
        fitting = [number for number, one in coded.items() if choice in ("", one.name)]
        if len(fitting) == 1:
            return fitting[0]
        listed = "; ".join(f"{self.id}={one.name or number}: {one.says}" for number, one in coded.items())
        cure = f"Write {listed}" if coded else "No alternative of it can be put in force"
        raise ValueError(f"{self.id}={choice} chooses none. {cure}")

    def alternative(self, number: int) -> Alternative:
        """The alternative of a number, if it can be put in force. Raises ValueError with the reason."""
        if not 1 <= number <= len(self.alternatives):
            raise ValueError(f"{self.id} has alternatives 1 to {len(self.alternatives)}, not {number}")
        found = self.alternatives[number - 1]
        if not found.is_coded:
            reason = f": {found.words_only}" if found.words_only else "; it carries no rules to put in force"
            raise ValueError(f"alternative {number} of {self.id} is words only{reason}")
        return found


AS_ASSUMED = "as assumed"
"""The reading that an answer keeps when it chooses no alternative."""


class SignedReading(Table):
    """Somebody's signature under a reading: which, who, on what day, and the digest of what stood there."""

    assumption: Id
    reading: Text = AS_ASSUMED
    """`as assumed`, or an alternative by its name or number, which is then in force."""
    by: Text
    on: date
    digest: Text


class Statement(Table):
    """A sentence of the record that states no rule of its own, and what implements it."""

    id: Id
    says: Words
    implemented_by: Annotated[tuple[Text, ...], Field(min_length=1)]
    note: Free = ""
