"""A synthetic trial of any study as a data folder: invented people, drawn from a seed, who follow the study's own rules.

Nobody in it exists. Clauses are met or failed on purpose, doses follow the study's dose rule and its clocks day by day, and
the shapes are plausible; no number in it is evidence of anything.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random

from escalon.conduct.judge.asked import diseases_of
from escalon.conduct.judge.screening import Verdict, screen_one
from escalon.escalation import EscalationError, Outcome, Treat, Treated, Wait, conduct_of, next_dose
from escalon.exchange.synthetic.course import Treatment, events_of, steps_of
from escalon.exchange.synthetic.screening import Drawn, draw
from escalon.exchange.synthetic.values import observed
from escalon.exchange.tidy_folder import write_folder
from escalon.facts import Day
from escalon.history import entry_of_file, fold
from escalon.history.events import Event, MarkedSynthetic
from escalon.protocol.design import calendar_guards, cohort_size, dose_rule
from escalon.protocol.dlt_window import dlt_window
from escalon.protocol.names import names_in
from escalon.protocol.study import Criterion, Study
from escalon.sources.frame import frame_of

NOTICE = """SYNTHETIC DATA. Every participant in this folder is invented; nobody in it exists.
Drawn by `escalon simulate` for {study}, seed {seed}. Not evidence of anything.
"""
FIRST_DAY, LAST_DAY = date(2025, 3, 3), date(2026, 6, 30)
"""The day of the first infusion, and the last day of which anything is recorded."""
KNOWN_AFTER = 6
"""Days from the infusion until a dose-limiting toxicity is known."""
DRAWS = 12


def simulate(study: Study, folder: Path, seed: int = 1) -> Path:
    """Write a synthetic trial of the study into a folder. The same seed gives the same bytes.

    Raises ValueError where no invented person could pass every clause, and names the clauses that could not be met together.
    """
    events = history_of(study, seed)
    trial = fold((entry_of_file(number, one, "drawn") for number, one in enumerate(events, start=1)), frame_of(study))
    write_folder(trial, folder, notice=NOTICE.format(study=study.id, seed=seed))
    return folder


def history_of(study: Study, seed: int = 1) -> list[Event]:
    """What happens in a synthetic trial: people treated as the dose rule says, and beside each cohort people kept out."""
    random = Random(f"{study.id} {seed}")
    diseases = cycle([one.id for one in study.diseases])
    failures = _failures(study, random)
    found: list[Event] = [MarkedSynthetic()]
    number = 0
    treated = sorted(_all_doses(study, random), key=lambda one: one[1])
    for place, (level, day, dlt, stratum) in enumerate(treated, start=1):
        number += 1
        disease = stratum if study.dose.strata == "disease" else next(diseases)
        person = _eligible(study, random, f"P{number:02d}", disease, day, stratum)
        found += [*person.events(), *events_of(Treatment.drawn(person, level, day, dlt), LAST_DAY)]
        if place % study.dose.cohort_size == 0 or place == len(treated):
            for _ in range(2):
                number += 1
                found += _next_kept_out(study, random, f"P{number:02d}", failures, day)
    for _ in range(0 if treated else 4):
        number += 1
        found += _next_kept_out(study, random, f"P{number:02d}", failures, FIRST_DAY)
    return found


def _all_doses(study: Study, random: Random) -> Iterator[tuple[int, date, bool, str]]:
    """Every infusion with its stratum; where the study has none, all are of one."""
    strata = study.vocabulary[study.dose.strata].choices if study.dose.strata is not None else ("",)
    for stratum in strata:
        for level, day, dlt in _doses(study, random):
            yield level, day, dlt, stratum


def _next_kept_out(
    study: Study, random: Random, who: str, failures: Iterator[tuple[str, Criterion, bool]], about: date
) -> list[Event]:
    """The next person kept out whose reason can be had by somebody who was never treated."""
    for why in islice(failures, 2 * len(study.criteria)):
        if found := _kept_out(study, random, who, why, about):
            return found
    return []


# -- doses -----------------------------------------------------------------------------------------------------------------


def _doses(study: Study, random: Random) -> Iterator[tuple[int, date, bool]]:
    """Level, day and toxicity of each infusion: the rule is asked on each day, and the next person comes when it allows."""
    rule, guards = dose_rule(study), calendar_guards(study)
    given: list[tuple[int, date, bool]] = []
    today = FIRST_DAY
    while today < LAST_DAY and len(given) < study.dose.cap:
        conduct = conduct_of(
            (_seen(study, number, *one, today) for number, one in enumerate(given)), cohort_size(study)
        )
        try:
            told = next_dose(rule, conduct, guards, today)
        except EscalationError:
            return
        if isinstance(told, Treat) and told.now:
            dlt = _is_limiting(study, given, told.level)
            given.append((told.level, today, dlt))
            yield given[-1]
            today += timedelta(days=random.randint(0, 3))
        elif isinstance(told, Treat) or (isinstance(told, Wait) and given):
            today = max(told.until or today, today + timedelta(days=1))
        else:
            return


def _seen(study: Study, number: int, level: int, day: date, dlt: bool, today: date) -> Treated:
    """What is known of an infusion on a day."""
    closed = dlt_window(study, day).dosing_from
    outcome = Outcome.PENDING
    if dlt and today >= day + timedelta(days=KNOWN_AFTER):
        outcome = Outcome.DLT
    elif today >= closed:
        outcome = Outcome.NO_DLT
    return Treated(level, outcome, day, str(number))


def _is_limiting(study: Study, given: list[tuple[int, date, bool]], level: int) -> bool:
    """On purpose, one person of the first cohort at each level above the start has a toxicity, each time another one."""
    levels = [one.number for one in study.dose.levels]
    step = levels.index(level) - levels.index(study.dose.starts_at)
    at_level = sum(one[0] == level for one in given)
    return step > 0 and at_level == step % study.dose.cohort_size


# -- people ----------------------------------------------------------------------------------------------------------------


def _person(study: Study, random: Random, who: str, screening: date, decided: date) -> Drawn:
    return Drawn(study, who, Random(random.random()), screening - timedelta(days=3), screening, decided)


def _eligible(study: Study, random: Random, who: str, disease: str, infused: date, stratum: str = "") -> Drawn:
    """A person who passes every clause, screened 24 days before the infusion."""
    unmet: tuple[str, ...] = ()
    for _ in range(DRAWS):
        decided = infused - timedelta(days=6 if study.roles.conditioning else 1)
        person = _person(study, random, who, infused - timedelta(days=24), decided)
        person.treated = infused
        person.kept |= {one.fact.name: (one,) for one in steps_of(person, infused)}
        if stratum and study.dose.strata not in (None, "disease"):
            person.kept[study.dose.strata] = (observed(who, study.dose.strata, stratum, person.consent, "consent"),)
        left = draw(study, person, disease, first=unmet)
        if not left and _passes(person, infused):
            return person
        unmet = tuple(dict.fromkeys((*left, *unmet)))
    named = ", ".join(unmet) or "the visits before treatment"
    raise ValueError(
        f"no invented person with {disease} could pass every clause: {named} could not be met beside the others"
    )


def _kept_out(study: Study, random: Random, who: str, why: tuple[str, Criterion, bool], about: date) -> list[Event]:
    """A person whom one clause keeps out, or of whom what it asks is not recorded."""
    disease, clause, is_silent = why
    for _ in range(DRAWS // 3):
        person = _person(study, random, who, about - timedelta(days=20), about - timedelta(days=2))
        unmet = draw(study, person, disease, None if is_silent else clause)
        if clause.id in unmet:  # it rests on a day that only treated people have
            break
        for name in names_in(clause.tree) if is_silent else ():
            person.kept.pop(name, None)
        if not unmet and _concluded(person, LAST_DAY) is (Verdict.UNKNOWN if is_silent else Verdict.NOT_MET):
            return person.events()
    return []


def _passes(person: Drawn, infused: date) -> bool:
    """Whether screening finds a person eligible on the day of infusion, with what the visits before it record."""
    after = events_of(Treatment.drawn(person, person.study.dose.starts_at, infused, False), infused)
    return _concluded(person, infused, after) is Verdict.MET


def _concluded(person: Drawn, day: date, after: Iterable[Event] = ()) -> Verdict:
    """What screening concludes of a person on a day."""
    trial = person.trial({**person.kept, "after": tuple(after)})
    return screen_one(person.study, trial, person.who, Day.of(day)).verdict


def _failures(study: Study, random: Random) -> Iterator[tuple[str, Criterion, bool]]:
    """Why people are kept out, without end: disease, clause, and every fifth time that something was never recorded."""
    clauses = list(study.criteria)
    random.shuffle(clauses)
    diseases = [one.id for one in study.diseases]
    for number, clause in enumerate(cycle(clauses), start=1):
        yield random.choice(sorted(diseases_of(study, clause)) or diseases), clause, number % 5 == 0
