"""Who was screened and what came of it, and which clauses kept people out."""

from collections import Counter
from collections.abc import Sequence

from escalon.conduct.judge.screening import WORDS, Screening, Verdict
from escalon.reporting.tables.grid import Grid

_LEFT = frozenset(
    {"participant", "disease", "decided as of", "verdict", "why, or what would settle it", "clause", "says"}
)


def screening_grid(screenings: Sequence[Screening]) -> Grid:
    """One row for each participant screened."""
    rows = tuple(
        (
            one.participant,
            one.disease or "not stated",
            str(one.as_of),
            WORDS[one.verdict],
            "; ".join(reasons(one)) or "–",
        )
        for one in screenings
    )
    columns = ("participant", "disease", "decided as of", "verdict", "why, or what would settle it")
    note = "An exclusion passes only when it is known to be absent; what is unknown blocks and says what to obtain."
    return Grid("Eligibility", columns, rows, (note,), _LEFT)


def reasons(one: Screening) -> list[str]:
    """Why a participant is not eligible; or what to obtain."""
    failed = [f"{clause.criterion.id} {'; '.join(clause.why())}" for clause in one.failed()]
    return failed or [f"obtain: {text}" for text in one.obtain]


def clause_grid(screenings: Sequence[Screening]) -> Grid:
    """The clauses that were not met or stayed unknown, the most frequent first."""
    failed = Counter(clause.criterion.id for one in screenings for clause in one.failed())
    unknown = Counter(
        clause.criterion.id for one in screenings for clause in one.clauses if clause.verdict is Verdict.UNKNOWN
    )
    criteria = {clause.criterion.id: clause.criterion for one in screenings for clause in one.clauses}
    says = {id: criterion.title or str(criterion.says) for id, criterion in criteria.items()}
    ids = sorted({*failed, *unknown}, key=lambda id: (-failed[id], -unknown[id], id))
    rows = tuple((id, says[id], str(failed[id]), str(unknown[id])) for id in ids)
    return Grid("Clauses that kept people out", ("clause", "says", "kept out", "unknown"), rows, (), _LEFT)
