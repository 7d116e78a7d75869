"""Section 2: who was screened and how far each came, what kept people out, and who was treated."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from escalon.conduct.judge.asked import asked_in
from escalon.conduct.judge.lymphodepletion import conditioning_given
from escalon.conduct.judge.member import member
from escalon.conduct.judge.populations import Population, on_the_way
from escalon.conduct.judge.scores import STANDING
from escalon.conduct.judge.screening import WORDS, Clause, Screening, Verdict
from escalon.facts import Day, Fact, Number, exact, together
from escalon.history.course import treatment_fact
from escalon.protocol.study import FactDefinition
from escalon.protocol.vocabulary import DISEASE
from escalon.reporting.build import Made, heads, own, row, slug, strong
from escalon.reporting.document import NOT_APPLICABLE, Cell, Figure, Ground, RowKind, Section, Table, TableRow
from escalon.reporting.figures.flow import FlowBox, flow_figure
from escalon.reporting.grounds import before, of_fact, of_facts, of_finding
from escalon.reporting.printed import count, mean_and_sd, middle, named, spread, told
from escalon.reporting.reasons import failure
from escalon.reporting.view import View

Group = tuple[str, str, Sequence[str]]
"""A group of people: the key of its column, its head, its members."""


def participants(view: View) -> tuple[Section, ...]:
    """The section of the participants."""
    blocks = (flow(view), flow_drawn(view), clauses(view), demographics(view), history(view))
    return (Section("2", "Participants", blocks),)


# -- how far each came ------------------------------------------------------------------------------------------------


def flow(view: View) -> Table:
    """T2-1: each population in the order people come to it, with who of the line above did not and why."""
    rows = []
    before: Sequence[str] = view.trial.participants
    for one in on_the_way(view.study, view.populations):
        if one.undecided:
            rows.append(row(one.name, one.title, "not known", *(None for _ in _levels(view)), None, one.undecided))
            continue
        lost = {code: _why_lost(view, one, code) for code in before if code not in one}
        cells = [view.counted([code for code in one.members if view.level(code) == level]) for level in _levels(view)]
        why = _verdicts(view, lost) if one.name == "eligible" else told(_said(lost), 12)
        rows.append(row(one.name, one.title, view.counted(one.members), *cells, view.counted([*lost]), why))
        before = one.members
    columns = heads("step", "n>", *(f"level_{one}=level {one}>" for one in _levels(view)), "lost=not here>", "why|60")
    notes = (
        "Levels count those dosed. «Not here» are those of the line above who did not come to this step; what kept each out: "
        "Table 2-2.",
    )
    return Table("T2-1", "Participant flow", columns, tuple(rows), "everybody a record was begun for", notes)


def _verdicts(view: View, lost: Iterable[str]) -> str:
    """Who is not eligible and of whom that is undecided; why, the table of clauses says."""
    by: dict[str, list[str]] = {}
    for code in lost:
        by.setdefault(WORDS[view.screening_of[code].verdict], []).append(code)
    return "; ".join(f"{said}: {named(codes, 12)}" for said, codes in by.items())


def flow_drawn(view: View) -> Figure:
    """F2-1: the same as the diagram of CONSORT, with those kept out at its side and the dose levels beneath."""
    known, by = view.populations, view.screening_of
    out = {code: _why_lost(view, known["eligible"], code) for code in by if code not in known["eligible"]}
    sides = [
        FlowBox(f"{head}: {len(some)}", tuple(told(_said(some), 8).split("; ")))
        for head, verdict in (("Not eligible", Verdict.NOT_MET), ("Undecided", Verdict.UNKNOWN))
        if (some := {code: why for code, why in out.items() if by[code].verdict is verdict})
    ]
    steps = [
        _box(view, known[name]) for name in ("enrolled", "apheresed", "lymphodepleted") if not known[name].undecided
    ]
    levels = [_level_box(view, level) for level in _levels(view)]
    screened, eligible = _box(view, known["screened"]), _box(view, known["eligible"])
    alt = "; ".join(
        f"{one.title} {'not known' if one.undecided else len(one.members)}" for one in on_the_way(view.study, known)
    )
    drawn = flow_figure(screened, sides, eligible, levels, steps)
    return Figure("F2-1", "Participant flow", drawn, f"Participant flow: {alt}.", "T2-1")


def _levels(view: View) -> list[int]:
    return [one.number for one in view.study.dose.levels]


def _box(view: View, one: Population) -> FlowBox:
    return FlowBox(f"{one.title}: {len(one.members)}", (_diseases(view, one.members),))


def _level_box(view: View, level: int) -> FlowBox:
    here = [code for code in view.populations["infused"].members if view.level(code) == level]
    evaluable = view.populations["dlt_evaluable"]
    said = (
        f"{sum(code in evaluable for code in here)} evaluable for DLT"
        if not evaluable.undecided
        else evaluable.undecided
    )
    name = view.study.dose.level(level).name
    return FlowBox(f"Level {level} ({name}): {len(here)} infused", (said, _diseases(view, here)) if here else (), level)


def _diseases(view: View, codes: Iterable[str]) -> str:
    found = Counter(view.diseases.get(code, "not recorded") for code in codes)
    return ", ".join(f"{name} {found[name]}" for name in sorted(found)) or "nobody"


def _said(why: Mapping[str, str]) -> list[str]:
    return [f"{code}: {reason}" for code, reason in why.items()]


def _why_lost(view: View, one: Population, code: str) -> str:
    """Why somebody did not come to a step, and when they left or died before it."""
    if one.name == "eligible":
        return not_eligible(view, view.screening_of[code])
    ended = member(view.study, view.whole, code).ended
    return one.excluded[code] + (f" ({ended})" if ended else "")


def not_eligible(view: View, one: Screening) -> str:
    """Why somebody is not eligible, worded as the failure; or what is still to be obtained."""
    if one.verdict is Verdict.NOT_MET:
        return named([failure(clause, view.label) for clause in one.failed()], 2)
    return to_obtain(one.obtain) if one.obtain else WORDS[one.verdict]


def to_obtain(some: Sequence[str]) -> str:
    """What would settle it: `obtain HIV antibody`, `record the items of …`."""
    said = named(list(some), 1)
    return said if said.startswith(("record", "obtain", "correct")) else f"obtain {said}"


# -- what kept people out ---------------------------------------------------------------------------------------------


def clauses(view: View) -> Table:
    """T2-2: the clauses that kept people out or stayed open, the most frequent first."""
    asked = ((one.participant, clause) for one in view.screenings for clause in one.clauses)
    kept = (Verdict.NOT_MET, Verdict.UNKNOWN)
    found = together((clause.criterion.id, (who, clause)) for who, clause in asked if clause.verdict in kept)
    ordered = sorted(found.items(), key=lambda item: (-_failed(item[1]), -len(item[1]), item[0]))
    rows = tuple(_clause_row(view, id, some) for id, some in ordered)
    columns = heads("clause", "says|40", "out=kept out>", "open=not known>", "why=who, and what was found|50")
    note = "An exclusion passes only when it is known to be absent; what is not known keeps out until it is obtained."
    title = "Clauses that were not met, or not known"
    empty = "Every clause is met." if view.screenings else "Nobody is screened."
    return Table("T2-2", title, columns, rows, "everybody screened", (note,), empty)


def _failed(some: Sequence[tuple[str, Clause]]) -> int:
    return sum(clause.verdict is Verdict.NOT_MET for _, clause in some)


def _clause_row(view: View, id: str, some: Sequence[tuple[str, Clause]]) -> TableRow:
    out = [(code, clause) for code, clause in some if clause.verdict is Verdict.NOT_MET]
    unknown = [(code, clause) for code, clause in some if clause.verdict is Verdict.UNKNOWN]
    said = [f"{code}: {failure(clause, view.label)}" for code, clause in out]
    said += [f"{code}: {to_obtain(clause.obtain)}" for code, clause in unknown]
    criterion = some[0][1].criterion
    return row(
        id, strong(id), criterion.title or some[0][1].sentence, _with_grounds(out), _with_grounds(unknown),
        told(said, 8),
    )  # fmt: skip


def _with_grounds(some: Sequence[tuple[str, Clause]]) -> Cell:
    grounds = [
        ground
        for code, clause in some
        for ground in of_finding(clause.finding, code)
        or (Ground(code, clause.criterion.id, "", WORDS[clause.verdict], ""),)
    ]
    return Cell(str(len(some)), len(some), tuple(grounds))


# -- who was treated --------------------------------------------------------------------------------------------------


def demographics(view: View) -> Table:
    """T2-3: what the study records of a person, at the last value before treatment."""
    groups = _by_level(view)
    rows = [row("n", "infused", *(view.counted(who) for _, _, who in groups))]
    known = [
        one for one in view.study.vocabulary.values()
        if (one.group or _GROUPS.get(one.name)) == "participant" and one.name != DISEASE
    ]  # fmt: skip
    for meaning in known:
        rows += _characteristic(view, meaning, groups)
    columns = heads("characteristic|30", *(f"{key}={head}|20" for key, head, _ in groups))
    notes = ("Mean (standard deviation); median (range). Percent from ten people on. The last value before infusion.",)
    return Table("T2-3", "Demographics", columns, tuple(rows), "everybody infused", notes, "Nobody has been infused.")


_GROUPS = dict.fromkeys(STANDING, "participant")
"""Where the usual facts of a person stand in a study that does not say."""


def _by_level(view: View) -> list[Group]:
    groups: list[Group] = [
        (f"level_{one.number}", f"level {one.number}", [g.participant for g in view.doses if g.level == one.number])
        for one in view.study.dose.levels
    ]
    return [*groups, ("all", "all", [given.participant for given in view.doses])]


def _by_disease(view: View) -> list[Group]:
    infused = [given.participant for given in view.doses]
    groups: list[Group] = [
        (own(one.id), one.id, [code for code in infused if view.diseases.get(code) == one.id])
        for one in view.study.diseases
    ]
    return [*(group for group in groups if group[2]), ("all", "all", infused)]


def _characteristic(view: View, meaning: FactDefinition, groups: Sequence[Group]) -> list[TableRow]:
    """A number as one row, a label as a row for each of its choices."""
    label = f"{meaning.label or meaning.name}{f', {meaning.unit}' if meaning.unit else ''}"
    found = {code: fact for code in groups[-1][2] if (fact := _before(view, code, meaning.name)) is not None}
    if meaning.kind in ("number", "integer"):
        return [row(meaning.name, label, *(_numbers(found, who) for _, _, who in groups))]
    values = meaning.choices or tuple(sorted({str(fact.value) for fact in found.values()}))
    rows = [row(meaning.name, label, *(None for _ in groups), kind=RowKind.HEAD)]
    for value in values:
        cells = [
            _share([c for c in who if c in found and str(found[c].value) == value], who, found) for _, _, who in groups
        ]
        rows.append(row(f"{meaning.name}.{slug(value)}", value, *cells, kind=RowKind.UNDER))
    absent = [[code for code in who if code not in found] for _, _, who in groups]
    if absent[-1]:
        cells = [view.counted(some) for some in absent]
        rows.append(row(f"{meaning.name}.missing", "not recorded", *cells, kind=RowKind.UNDER))
    return rows


def _before(view: View, code: str, name: str) -> Fact | None:
    return before(view.facts(code), name, Day.of(view.people[code].infusion) if code in view.people else None)


def _numbers(found: dict[str, Fact], who: Sequence[str]) -> Made:
    some = [found[code] for code in who if code in found]
    values: list[Number] = [fact.number for fact in some if fact.number is not None]
    missing = len(who) - len(values)
    if not values:
        return NOT_APPLICABLE if not who else f"not recorded in {missing}"
    text = f"{mean_and_sd(values)}; {middle(values)}" if len(values) > 6 else spread(values)
    return Cell(text + (f"; not recorded in {missing}" if missing else ""), None, of_facts(some))


def _so(found: dict[str, Fact], who: Sequence[str]) -> Made:
    """Of how many it is recorded to be so; of whom nothing is recorded is never counted as not so."""
    known = [code for code in who if code in found]
    if not known:
        return NOT_APPLICABLE if not who else f"not recorded in {len(who)}"
    here = [code for code in known if found[code].value is True]
    missing = len(who) - len(known)
    text = count(len(here), len(known)) + (f"; not recorded in {missing}" if missing else "")
    return Cell(text, len(here), of_facts(found[code] for code in known))


def _share(here: Sequence[str], who: Sequence[str], found: dict[str, Fact]) -> Made:
    grounds = tuple(of_fact(found[code], code) for code in here if code in found)
    return Cell(count(len(here), len(who)), len(here), grounds) if who else NOT_APPLICABLE


# -- the disease and what was given for it ----------------------------------------------------------------------------


def history(view: View) -> Table:
    """T2-4: the disease before infusion, time since diagnosis, and the drugs given before by class."""
    groups = _by_disease(view)
    rows = [row("n", "infused", *(view.counted(who) for _, _, who in groups))]
    for meaning in view.study.vocabulary.values():
        if meaning.group == "disease":
            rows += _of_disease(view, meaning, groups)
    rows += _drugs(view, groups)
    columns = heads("characteristic|40", *(f"{key}={head}|14" for key, head, _ in groups))
    conditioning = "; the conditioning is Table 3-2" if view.study.conditions else ""
    notes = (
        f"Drugs whose first dose lies before the infusion, each participant once a class{conditioning}. "
        "Years from diagnosis to infusion; "
        "where only the month or year is known, from its middle, in whole years. "
        "What is asked of one disease alone is «–» in the others, and its «all» are those asked.",
    )
    return Table("T2-4", "Disease and earlier treatment", columns, tuple(rows), "everybody infused", notes)


def _of_disease(view: View, meaning: FactDefinition, groups: Sequence[Group]) -> list[TableRow]:
    found = {code: fact for code in groups[-1][2] if (fact := _before(view, code, meaning.name)) is not None}
    label = meaning.label or meaning.name
    if not found:
        return []
    asked = asked_in(view.study, meaning.name)
    groups = [
        (key, head, [code for code in who if not asked or code in found or view.diseases.get(code) in asked])
        for key, head, who in groups
    ]
    if meaning.kind in ("event", "date"):
        years = {code: years for code, fact in found.items() if (years := _years(view, code, fact)) is not None}
        cells = [_years_cell(years, found, who) for _, _, who in groups]
        return [row(meaning.name, f"years since {label}", *cells)] if years else []
    if meaning.kind == "truth":
        return [row(meaning.name, label, *(_so(found, who) for _, _, who in groups))]
    if meaning.kind in ("number", "integer"):
        unit = f", {meaning.unit}" if meaning.unit else ""
        return [row(meaning.name, f"{label}{unit}", *(_numbers(found, who) for _, _, who in groups))]
    return []


def _years(view: View, code: str, fact: Fact) -> Fraction | None:
    if fact.value is False or fact.day is None or code not in view.people:
        return None
    first, last = ((view.people[code].infusion - day).days for day in (fact.day.latest, fact.day.earliest))
    days = Fraction(max(first, min(last, 0)) + last, 2)  # of the year it began in, only what lay before the infusion
    return Fraction(round(exact(days) * 10 / Fraction(1461, 4)), 10)


def _years_cell(years: dict[str, Fraction], found: dict[str, Fact], who: Sequence[str]) -> Made:
    some = [code for code in who if code in years]
    if not some:
        return NOT_APPLICABLE
    days = [found[code].day for code in some]
    places = 1 if all(day is not None and not day.is_partial for day in days) else 0
    return Cell(
        spread([years[code] for code in some], places), None, tuple(of_fact(found[code], code) for code in some)
    )


def _drugs(view: View, groups: Sequence[Group]) -> list[TableRow]:
    """Each class of drugs that somebody had, with the drugs under it."""
    vocabulary = view.study.vocabulary
    had: dict[str, dict[str, Fact]] = {}
    for code in groups[-1][2]:
        course, person = view.trial.course(code), view.people[code]
        begun = person.lymphodepletion
        given = conditioning_given(view.study, course, begun, person.infusion) if begun else []
        for one in (each for each in course.treatments if each not in given):
            fact = treatment_fact(one)
            if fact.day is not None and fact.day.earliest < person.infusion:
                had.setdefault(fact.name, {})[code] = fact
    rows = []
    for meaning in vocabulary.values():
        members = [name for name in meaning.members if name in had]
        if members:
            of_class = {code: fact for name in reversed(members) for code, fact in had[name].items()}
            rows.append(_drug_row(meaning.name, meaning.label, of_class, groups, RowKind.HEAD))
            rows += [
                _drug_row(
                    f"{meaning.name}.{name}",
                    vocabulary[name].label if name in vocabulary else name,
                    had[name],
                    groups,
                    RowKind.UNDER,
                )
                for name in members
            ]
    classed = {name for meaning in vocabulary.values() for name in meaning.members}
    rows += [_drug_row(name, name, had[name], groups, RowKind.PLAIN) for name in sorted(had) if name not in classed]
    return rows


def _drug_row(key: str, label: str, found: dict[str, Fact], groups: Sequence[Group], kind: RowKind) -> TableRow:
    cells = (_share([code for code in who if code in found], who, found) for _, _, who in groups)
    return row(key, label, *cells, kind=kind)
