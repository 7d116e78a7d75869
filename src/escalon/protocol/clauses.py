"""Eligibility clauses, assumptions and statements: the registry's words beside our reading of them."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from escalon.expressions.tree import Node
from escalon.protocol.tables import FROZEN, Free, Id, Said, Table, Text, Words, as_read

CriterionKind: TypeAlias = Literal["inclusion", "exclusion"]


class Criterion(Table):
    """An eligibility clause: the registry's words, our rule, and its tree.

    An inclusion's rule says what must hold. An exclusion's rule says **what excludes**, as the record does: the participant
    passes only when the rule is known to be false. `applies` limits the clause to those for whom it is true.
    """

    kind: ClassVar[CriterionKind] = "inclusion"

    id: Id
    says: Words = Said()
    rule: Text
    applies_text: Free = Field("", alias="applies")
    title: Free = ""
    about: Free = ""
    """Why we read the record this way, where that is not plain."""
    settle: Free = ""
    until: Literal["decision", "infusion"] = "decision"
    """How long it is asked: once, about the day of decision, or again on each day up to infusion, as of that day."""

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
    def file(self) -> str:
        """The file it stands in."""
        return self.place.file

    @property
    def line(self) -> int:
        """The line it stands on."""
        return self.place.line


class Exclusion(Criterion):
    """A clause that keeps out those for whom its rule holds."""

    kind: ClassVar[CriterionKind] = "exclusion"


def _parsed(rule: str) -> Node:
    from escalon.criteria import parse

    return parse(rule)


class Alternative(Table):
    """Another reading of the record, and, where it changes criteria, their rules under it."""

    says: Text
    name: Free = ""
    """A word to choose it by: `--with Q-SS-TP=or`."""
    rules: Annotated[Mapping[str, Text], FROZEN] = {}


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


class Statement(Table):
    """A sentence of the record that states no rule of its own, and what implements it."""

    id: Id
    says: Words
    implemented_by: Annotated[tuple[Text, ...], Field(min_length=1)]
    note: Free = ""
