"""What is open or wrong in a study that can be read: assumptions to sign, gaps, contradictions, rules nobody can meet.

Every remark says where, what, and what to do. `error` must be mended before the study is used, `warning` wants a look,
`assumption` wants a signature.
"""

from collections.abc import Iterator

from escalon.protocol.lint_clauses import CLAUSES
from escalon.protocol.lint_plan import PLAN
from escalon.protocol.load import not_in_force
from escalon.protocol.remarks import Remark, told
from escalon.protocol.study import Place, Study
from escalon.protocol.trace import trace


def lint(study: Study, signed: frozenset[str] = frozenset()) -> tuple[Remark, ...]:
    """Every remark on a study: errors first, then warnings, then assumptions nobody has `signed`."""
    checks = (*CLAUSES, *PLAN, _record, _readings)
    found = [remark for check in checks for remark in check(study)]
    found += [remark for remark in _assumptions(study) if remark.about not in signed.union(study.signed)]
    order = {"error": 0, "warning": 1, "assumption": 2}
    return tuple(sorted(found, key=lambda one: order[one.severity]))


def _assumptions(study: Study) -> Iterator[Remark]:
    for one in study.assumptions:
        do = f"sign it or an alternative, `escalon study sign`: {one.signer}"
        yield told(one.kind, one.id, f"{one.question} Assumed: {one.default}", one.place, do)


def _readings(study: Study) -> Iterator[Remark]:
    """Every alternative is switched on by somebody some day, and every signature is under words that still stand."""
    for one in study.assumptions:
        for number, other in enumerate(one.alternatives, start=1):
            if not other.is_coded and not other.words_only:
                what = f"alternative {number} («{other.says}») is words only and does not say why"
                do = "write what the folder says instead (rules, instead, without), or words_only = why nothing can"
                yield told("words only", one.id, what, one.place, do)
    for one, number, why in not_in_force(study):
        what = f"alternative {number} cannot be put in force: {why}"
        yield told("not in force", one.id, what, one.place, "correct what it says instead")
    for answer in study.answers:
        if answer.assumption not in study.signed:
            what = f"{answer.by} signed other words on {answer.on}: the assumption was changed since"
            do = f"sign again: escalon study sign FOLDER {answer.assumption}"
            yield told("old signature", answer.assumption, what, answer.place, do)


def _record(study: Study) -> Iterator[Remark]:
    if not study.record:
        place = Place("record.txt", 1)
        yield told("no record", "record", "there is no record.txt", place, "copy the registry's words into it")
        return
    found = trace(study)
    for one in found.uncovered:
        nothing = f"only the assumption {one.assumed[0]}" if one.assumed else "nothing"
        what = f"{nothing} quotes «{one.missing}» of «{one.clause.text}»"
        place = Place("record.txt", 1 + study.record.count("\n", 0, one.clause.start))
        do = "quote it in `says` of what implements it or of a [[statement]]; begin the line of a heading in record.txt with #"
        yield told("not traced", one.clause.id, what, place, do)
    for part, piece in found.misquoted:
        what = f"says «{piece}», which is not in record.txt"
        yield told("misquoted", part.id, what, Place(), "copy the registry's words letter for letter")
    for criterion in study.criteria:
        if not criterion.says:
            yield told("no words", criterion.id, "quotes nothing of the record", criterion.place, "add `says`")
