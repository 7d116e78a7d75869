"""The trial in one self-contained page. The same records, cut-off and version give the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from escalon import __version__
from escalon.conduct.judge.cutoff import as_of
from escalon.conduct.judge.departures import departures, grouped
from escalon.conduct.judge.dosing import NextDose, decide_next_dose
from escalon.conduct.judge.given import first_doses
from escalon.conduct.judge.scores import scored
from escalon.conduct.judge.screening import WORDS, Screening, Verdict, screen
from escalon.escalation import EscalationError
from escalon.facts import Day, Fact, plain
from escalon.history import Trial
from escalon.instruments.kit.bands import Band
from escalon.instruments.kit.catalogue import find
from escalon.protocol.study import Study
from escalon.reporting.cells import cells_parts
from escalon.reporting.figures.cohorts import CohortCourse, cohorts_figure
from escalon.reporting.figures.flow import FlowBox, flow_figure
from escalon.reporting.figures.trajectories import Measure, Point, in_one_unit, trajectories
from escalon.reporting.page import figure, page
from escalon.reporting.reasons import failure
from escalon.reporting.safety import safety_parts
from escalon.reporting.significant import significant
from escalon.reporting.tables.cohorts import level_grid, participant_grid
from escalon.reporting.tables.eligibility import clause_grid, screening_grid
from escalon.reporting.tables.grid import Grid
from escalon.sources.folder import Intake

NOT_A_DEVICE = "Not a medical device. What this page concludes is for qualified people to check and sign."


def trial_report(study: Study, intake: Intake, cutoff: Day) -> str:
    """The report as HTML: flow, eligibility, escalation, safety, activity, cells, assumptions, provenance."""
    trial = as_of(intake.trial, cutoff)
    screenings = screen(study, trial, cutoff)
    dose = _next_dose(study, trial, cutoff)
    parts = [
        _banner(study, intake),
        _against_screening(screenings, trial),
        _glance(study, screenings, dose),
        "<h2 id=flow>Participant flow</h2>",
        figure(_flow(study, screenings, trial)),
        "<h2 id=eligibility>Eligibility</h2>",
        clause_grid(screenings).html(),
        screening_grid(screenings).html(),
        "<h2 id=escalation>Dose escalation</h2>",
        *_escalation(study, dose, cutoff),
        _departures(study, trial),
        "<h2 id=safety>Safety</h2>",
        *safety_parts(study, trial, cutoff),
        "<h2 id=activity>Disease activity</h2>",
        *_activity(study, trial),
        "<h2 id=cells>Cells in blood</h2>",
        *cells_parts(study, trial),
        "<h2 id=assumptions>Assumptions in force</h2>",
        _assumptions(study),
        "<h2 id=provenance>Where this comes from</h2>",
        *_provenance(study, intake, cutoff),
    ]
    people = "synthetic people" if trial.synthetic else "confidential"
    subtitle = f"{study.id} · {study.sponsor} · data cut-off {cutoff} · {people}"
    return page(study.title, subtitle, parts, f"{NOT_A_DEVICE} Escalon {__version__}, study version {study.version}.")


def _next_dose(study: Study, trial: Trial, cutoff: Day) -> NextDose | str:
    try:
        return decide_next_dose(study, trial, cutoff)
    except EscalationError as error:
        return str(error)


def _banner(study: Study, intake: Intake) -> str:
    banners = []
    if intake.trial.synthetic:
        banners.append(
            "<p class=warn><b>Synthetic data.</b> Every participant on this page is invented; nobody in it exists.</p>"
        )
    left_out = sum(count.refused for count in intake.counts)
    if left_out:
        rows = "1 row is" if left_out == 1 else f"{left_out} rows are"
        banners.append(
            f"<p class=warn><b>{rows} kept out of this report</b> ({escape(intake.account())}). "
            "They are listed at its end. Nobody they concern is called eligible, and no dose is decided while a row of doses "
            "or adverse events cannot be read.</p>"
        )
    open_ = len(study.assumptions)
    banners.append(
        f"<p class=warn>{open_} assumptions stand in for what the registry does not say; none is signed yet.</p>"
    )
    return "\n".join(banners)


def _against_screening(screenings: Sequence[Screening], trial: Trial) -> str:
    """People who were infused and are not eligible by the record: said first, since everything below includes them."""
    infused = {one.code for one in trial.infused()}
    odd = [
        f"{one.participant} ({WORDS[one.verdict]})"
        for one in screenings
        if one.participant in infused and not one.eligible
    ]
    if not odd:
        return ""
    return f"<p class=warn><b>Infused, but not eligible by what is recorded before treatment:</b> {escape(', '.join(odd))}.</p>"


def _glance(study: Study, screenings: Sequence[Screening], dose: NextDose | str) -> str:
    count = {verdict: sum(one.verdict is verdict for one in screenings) for verdict in WORDS}
    cards = [
        (
            "screened",
            str(len(screenings)),
            ", ".join(f"{number} {WORDS[verdict]}" for verdict, number in count.items()),
        ),
    ]
    if isinstance(dose, str):
        cards.append(("next dose", "cannot be decided", dose))
    else:
        dlts = sum(review.outcome.name == "DLT" for review in dose.reviews)
        cards.append(
            ("infused", f"{len(dose.reviews)} of at most {study.dose.cap}", f"{dlts} with a dose-limiting toxicity")
        )
        cards.append(("next dose", dose.headline, dose.decision.reason))
    inner = "".join(
        f"<div class=card><div class=k>{escape(k)}</div><div class=v>{escape(v)}</div><div class=s>{escape(s)}</div></div>"
        for k, v, s in cards
    )
    return f"<div class=cards>{inner}</div>"


def _flow(study: Study, screenings: Sequence[Screening], trial: Trial) -> str:
    by = {verdict: [one for one in screenings if one.verdict is verdict] for verdict in WORDS}
    diseases = _counted(one.disease or "disease not stated" for one in screenings)
    out = FlowBox(f"Not eligible: {len(by[Verdict.NOT_MET])}", _first_reasons(by[Verdict.NOT_MET]))
    unknown = FlowBox(
        f"Undecided: {len(by[Verdict.UNKNOWN])}", _first([one.participant for one in by[Verdict.UNKNOWN]])
    )
    infused = {one.code for one in trial.infused()}
    waiting = [one for one in by[Verdict.MET] if one.participant not in infused]
    eligible = FlowBox(f"Eligible: {len(by[Verdict.MET])}", (f"{len(waiting)} not infused",))
    levels, doses = [], first_doses(study, trial)
    for level in study.dose.levels:
        here = [one.participant for one in doses if one.level == level.number]
        named = {one.participant: one.disease or "?" for one in screenings}
        levels.append(
            FlowBox(
                f"Level {level.number} ({level.name}): {len(here)} infused",
                (_counted(named.get(code, "?") for code in here),),
                level.number,
            )
        )
    return flow_figure(FlowBox(f"Screened: {len(screenings)}", (diseases,)), [out, unknown], eligible, levels)


def _counted(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(f"{name} {listed.count(name)}" for name in sorted(set(listed)))


def _first_reasons(screenings: Sequence[Screening]) -> tuple[str, ...]:
    lines = [f"{one.participant}: {failure(one.failed()[0])}" for one in screenings]
    return _first(lines)


def _first(lines: list[str], most: int = 9) -> tuple[str, ...]:
    """The first lines, and how many more there are: a list cut short says so."""
    return (*lines[:most], f"and {len(lines) - most} more") if len(lines) > most else tuple(lines)


def _escalation(study: Study, dose: NextDose | str, cutoff: Day) -> list[str]:
    if isinstance(dose, str):
        return [f"<p class=warn>The next dose cannot be decided: {escape(dose)}</p>"]
    courses = [
        CohortCourse(
            one.participant, one.infusion.level, one.infusion.day.earliest, one.window_ends, one.outcome.name.lower()
        )
        for one in dose.reviews
    ]
    notes = "".join(f"<li>{escape(note)}</li>" for note in dose.decision.notes)
    rule = f"Rule {study.dose.rule}, variant {study.dose.variant}; rests on {', '.join(dose.assumptions)}."
    decision = (
        f"<p class=decision><b>Next: {escape(dose.headline)}.</b> {escape(dose.decision.reason)}. "
        f"<span class=sub>{escape(rule)}</span></p><ul class=notes>{notes}</ul>"
    )
    drawn = figure(cohorts_figure(courses, cutoff.latest), "DLT windows on the calendar")
    return [decision, level_grid(study.dose, dose).html(), drawn, participant_grid(study.dose, dose).html()]


def _departures(study: Study, trial: Trial) -> str:
    """What was done that the study's rules would have held: the same words once, with everybody they are about."""
    found = grouped(departures(study, trial))
    if not found:
        return "<p>No departure from the study's rules is recorded.</p>"
    return (
        "<h3>Departures from the study's rules</h3><ul class=notes>"
        + "".join(f"<li>{escape(one)}</li>" for one in found)
        + "</ul>"
    )


def _activity(study: Study, trial: Trial) -> list[str]:
    """A figure for each score of the study that changes over time and that somebody treated has."""
    facts = {one.code: scored(study, trial, one.code) for one in trial.infused()}
    parts = []
    for name in study.instruments:
        instrument = find(name)
        points, left_out = in_one_unit(_points(study, trial, {code: some.named(name) for code, some in facts.items()}))
        if len({point.day for point in points}) > 1:
            bands = next(iter(instrument.bands.values()), ())
            limits = tuple((float(band.upper), _end_of(band)) for band in bands if band.upper is not None)
            measure = Measure(instrument.title, points, limits)
            parts.append(figure(trajectories([measure]), f"{instrument.title} ({instrument.source})"))
        parts += [f"<p class=warn>{escape(one)}</p>" for one in left_out]
    return parts or ["<p>No score could be computed after infusion.</p>"]


def _end_of(band: Band) -> str:
    assert band.upper is not None
    return f"{band.label} {'up to' if band.includes_upper else 'below'} {plain(band.upper)}"


def _points(study: Study, trial: Trial, facts: Mapping[str, Sequence[Fact]]) -> list[Point]:
    points = []
    for infusion in first_doses(study, trial):
        for fact in facts.get(infusion.participant, ()):
            value = fact.number
            if fact.day is None or fact.day.is_partial or value is None:
                continue
            day = (fact.day.earliest - infusion.day.earliest).days
            words = significant(value)
            points.append(
                Point(infusion.participant, infusion.level, day, float(value), fact.unit or "", words, fact.visit or "")
            )
    return points


def _assumptions(study: Study) -> str:
    rows = tuple((one.id, one.question, one.default, one.signer) for one in study.assumptions)
    columns = ("id", "question", "read here as", "to be signed by")
    return Grid("What the registry does not say, or says twice", columns, rows, (), frozenset(columns)).html()


def _provenance(study: Study, intake: Intake, cutoff: Day) -> list[str]:
    rows = [("data cut-off", str(cutoff)), ("Escalon", __version__), (f"study folder {study.id}", study.version)]
    rows += [(f"{count.file}", str(count)) for count in intake.counts]
    rows += [(f"{file}, SHA-256", value) for file, value in sorted(intake.hashes.items())]
    parts = [Grid("Sources and versions", ("what", "which"), tuple(rows), (), frozenset({"what", "which"})).html()]
    columns = ("file", "line", "column", "what is wrong")
    for title, some in (
        ("Rows kept out of this report", intake.refused),
        ("Other things not read as they stand", [one for one in intake.problems if not one.refused]),
    ):
        rows_ = tuple((one.file, str(one.line or ""), one.column, one.message) for one in some)
        if rows_:
            parts.append(Grid(title, columns, rows_, (), frozenset(columns)).html())
    return parts
