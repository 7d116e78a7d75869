"""The screening worksheet on paper: every clause that applies to somebody, how it stands, and room to write what is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from escalon import __version__
from escalon.conduct.judge.screening import clauses_in_words
from escalon.protocol import Study
from escalon.reporting.build import heads, row
from escalon.reporting.document import BY_HAND, Cell, Document, Section, Signatures, Table, Text, Tone
from escalon.reporting.printed import unit

COLUMNS = "clause|10", "what it asks|52", "so far|30", "found|24", "from=source, day|24"
NOT_KNOWN = Cell("to be found out", tone=Tone.OPEN)


@dataclass(frozen=True, slots=True)
class ToScreen:
    """Somebody to be screened: the code, the disease, and by its id how each clause that applies stands; empty: not known."""

    person: str
    disease: str
    stands: Mapping[str, str]


def worksheet(
    study: Study, people: Sequence[ToScreen], *, synthetic: bool, about: str, notes: Sequence[str] = ()
) -> Document:
    """A sheet for each person, those with least to find out as they are given; `about` says of what and of which day."""
    sheets = (
        Section("", " · ".join(filter(None, (one.person, one.disease))), (_clauses(study, number, one), _SIGNED))
        for number, one in enumerate(people, start=1)
    )
    told = tuple(Text(note, Tone.OPEN) for note in notes)
    return Document(
        study.id, "Screening worksheet", study.version, "screening worksheet", "", synthetic,
        (*((Section("", "", told),) if told else ()), *sheets), subtitle=about, software=f"Escalon {__version__}",
    )  # fmt: skip


_SIGNED = Signatures((), ("Filled in by, date and time", "Investigator, date and time"))


def _clauses(study: Study, number: int, one: ToScreen) -> Table:
    rows = [
        row(id, id, unit(f"must be absent: {says}" if forbids else says), one.stands[id] or NOT_KNOWN, BY_HAND, BY_HAND)
        for id, says, forbids in clauses_in_words(study)
        if id in one.stands
    ]
    return Table(f"S{number}", f"Clauses: {one.person}", heads(*COLUMNS), tuple(rows))
