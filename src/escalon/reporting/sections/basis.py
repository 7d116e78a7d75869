"""Sections 1, 9 and 10: the summary, the assumptions with whether anybody signed them, and how everything was computed."""

from collections.abc import Iterator, Sequence

from escalon import __version__
from escalon.conduct.judge.dosing import NextDose
from escalon.conduct.judge.member import member
from escalon.protocol.design import cohort_size
from escalon.protocol.study import Assumption
from escalon.reporting.build import counted, heads, keyed, row, strong
from escalon.reporting.document import Block, Bullets, Cell, Ground, Section, Table, Text, Tone
from escalon.reporting.grounds import place
from escalon.reporting.printed import number
from escalon.reporting.reasons import in_words
from escalon.reporting.sections.answer import alarms, answer
from escalon.reporting.sections.consort import consort
from escalon.reporting.view import View
from escalon.safety.occurrence import Occurrence


def summary(view: View) -> tuple[Section, ...]:
    """Section 1: where the trial stands, in one table, and what a reader must know first."""
    blocks: list[Block] = [answer(view), *alarms(view), *_against_screening(view), _standing(view)]
    return (Section("1", "Summary", tuple(blocks)),)


def _against_screening(view: View) -> list[Text]:
    """People who were infused and are not eligible by the record: said first, since everything below includes them."""
    infused = {given.participant for given in view.doses}
    odd = [one.participant for one in view.screenings if one.participant in infused and not one.eligible]
    said = f"Infused, but not eligible by what is recorded before treatment: {', '.join(odd)}."
    return [Text(said, Tone.ALARM)] if odd else []


def _standing(view: View) -> Table:
    eligible = [one.participant for one in view.screenings if one.eligible is True]
    died = [code for code in view.trial.participants if member(view.study, view.trial, code).has_died]
    serious = [event for event in view.emergent if event.serious]
    told = {event.participant for event in serious}
    unsaid = [event for event in view.emergent if event.serious is None and event.participant not in told]
    outcome = {one.participant: one.outcome.name for one in view.reviews}
    departed = [Ground(one.participant, one.rule, str(one.day), one.says, place(one.source)) for one in view.departures]

    def of(*names: str) -> Cell:
        return view.counted([code for code, name in outcome.items() if name in names])

    def evaluable() -> Cell:
        return of("DLT", "NO_DLT") if isinstance(view.dose, NextDose) else Cell("not known", tone=Tone.OPEN)

    def people(events: Sequence[Occurrence]) -> Cell:
        return counted(view.of_events(events), len({event.participant for event in events}))

    rows = (
        row("screened", "screened", view.counted(view.trial.participants), "Table 2-1"),
        row("eligible", "eligible", view.counted(eligible), "Table 2-2"),
        row("infused", "infused", view.counted([*view.given]), f"of at most {view.study.most}; Table 3-1"),
        row("evaluable", "evaluable for DLT", evaluable(), "Table 4-1"),
        row("dlt", "with a dose-limiting toxicity", of("DLT"), "Table 4-2"),
        row(
            "open", "with an open question about it", view.counted([o.participant for o in view.unsettled]), "Table 4-2"
        ),
        row("serious", "with a serious event since infusion", people(serious), "Table 5-1, listing 2"),
        row("unsaid", "of the others, with an event whose seriousness is not recorded", people(unsaid), "listing 2"),
        row("died", "who died", view.counted(died), "listing 4"),
        row("departures", "departures from the study's rules", counted(departed), "Table 3-3"),
    )
    title = "Where the trial stands"
    return Table("T1-1", title, heads("what|40", "number>", "where=see|40"), rows, f"data cut-off {view.cutoff}")


def assumptions(view: View) -> tuple[Section, ...]:
    """Section 9: what the registry does not say, how it is read here, and whether anybody has signed that."""
    rows = tuple(
        row(one.id, strong(one.id), one.question, _read_as(view, one), one.signer, _signed(view, one))
        for one in view.study.assumptions
    )
    columns = heads("id|20", "question|50", "read=read here as|50", "signs=to be signed by|22", "state")
    note = f"{len(view.agreed)} of {len(rows)} signed; a reading that nobody has signed stands until the person named does."
    title = "What the registry does not say, or says twice"
    table = Table("T9-1", title, columns, rows, note, empty="No assumption is in force.")
    return (Section("9", "Assumptions in force", (table,)),)


def _read_as(view: View, one: Assumption) -> str:
    """The reading in force: the default, the alternative that an answer chose, or the one this run was asked for."""
    asked = one.id in dict(view.study.readings)
    instead = f" (for this report alone, in place of: {one.default})" if asked else ""
    return in_words(view.study.in_force(one.id) + instead)


def _signed(view: View, one: Assumption) -> Cell:
    found = view.agreed.get(one.id)
    return Cell("not signed", tone=Tone.OPEN) if found is None else Cell(f"{found.by}, {found.on} ({found.where})")


def methods(view: View) -> tuple[Section, ...]:
    """Section 10: how everything was computed, written from the study's declarations, and where it was read."""
    blocks: list[Block] = [
        Bullets(tuple(_methods(view))), endpoints(view), sources(view), *refused(view), consort(view),
    ]  # fmt: skip
    return (Section("10", "Methods and sources", tuple(blocks)),)


def _methods(view: View) -> Iterator[str]:
    study, plan = view.study, view.study.dose
    levels = "; ".join(f"level {one.number} ({one.name}): {one.amount}" for one in plan.levels)
    yield f"Dose: {plan.product}; {levels}; ±{number(plan.tolerance * 100)} % of the target is inside the level."
    variant = f", variant {plan.variant}" if plan.variant else ""
    cohorts = "placed one by one" if cohort_size(study) is None else f"cohorts of {plan.cohort_size}"
    yield (
        f"Escalation: {plan.rule.replace('_', ' ')}{variant}, {cohorts}, at most {study.most} "
        f"treated; DLT window "
        f"{plan.dlt_window} from the infusion, which is day 0; the last day belongs to it."
    )
    yield f"Baseline: {study.baseline}."
    yield (
        "Visits: a value belongs to the visit whose days hold it, whatever its label; the nearest to the "
        "planned day counts."
    )
    yield (
        "Adverse events: terms of CTCAE v5.0"
        + (", CRS and ICANS by ASTCT 2019 (doi:10.1016/j.bbmt.2018.12.758); " if study.gives_cells else "; ")
        + "signs of a syndrome are not counted again."
    )
    yield (
        "Proportions: exact limits of Clopper and Pearson (doi:10.1093/biomet/26.4.404); percent from ten "
        "people on; no test of significance."
    )
    yield (
        "Numbers are kept exact and rounded once, at print, half to even. Missing is never zero, and what is "
        "not recorded is never «no»."
    )
    for one in study.instruments:
        from escalon.instruments.kit.catalogue import find

        found = find(one)
        yield f"{found.title}: {found.source}."


def endpoints(view: View) -> Table:
    """T10-1: each declared outcome as it is executed, and what is shown beside it."""
    rows = tuple(
        row(
            one.id, strong(one.id), one.title, one.role, one.among, ", ".join(map(view.label, one.measure)),
            one.compare, ", ".join(one.at),
        )
        for one in view.study.outcomes
    )  # fmt: skip
    columns = heads("id", "outcome|44", "role", "among|24", "measure|26", "compare", "at|24")
    return Table("T10-1", "Declared outcomes", columns, rows, "", (), "The study declares no outcome.")


def sources(view: View) -> Table:
    """T10-2: what was read, row by row accounted for, with its hash."""
    rows = [row("cutoff", "data cut-off", str(view.cutoff), ""), row("software", "Escalon", __version__, "")]
    rows.append(row("study", f"study folder {view.study.id}", view.study.version, ""))
    hashes = dict(view.intake.hashes)
    rows += [row(f"file.{one.file}", one.file, str(one), hashes.pop(one.file, "")) for one in view.intake.counts]
    rows += [row(f"file.{file}", file, "", value) for file, value in sorted(hashes.items())]
    columns = heads("what|24", "which|50", "sha256=SHA-256|44")
    return Table("T10-2", "Sources and versions", columns, keyed(rows), f"input {view.digest[:16]}")


def refused(view: View) -> list[Table]:
    """T10-3, T10-4: the rows kept out of this report, and what else was not read as it stands."""
    found = []
    columns = heads("file", "line>", "column", "wrong=what is wrong|70")
    for id, title, some in (
        ("T10-3", "Rows kept out of this report", view.intake.refused),
        ("T10-4", "Other things not read as they stand", [one for one in view.intake.problems if not one.refused]),
    ):
        rows = keyed(
            row(f"{one.file}.{one.line or 0}", one.file, one.line or None, one.column, one.message) for one in some
        )
        if rows:
            found.append(Table(id, title, columns, rows))
    return found
