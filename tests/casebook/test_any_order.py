"""Whatever order people try things in, the trial never reaches a forbidden state."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.casebook.conftest import START
from tests.casebook.trial import CARLA, CORA, CYRUS, INES, STAN, Trial, person, study
from tests.casebook.trial import PLAN as BUNDLED

from escalon.casebook.chain import verify
from escalon.casebook.clock import SetClock
from escalon.casebook.encoding import content
from escalon.casebook.entry import Entry
from escalon.casebook.errors import CasebookError
from escalon.casebook.location import create_casebook
from escalon.conduct.permit.refusal import Refused
from escalon.conduct.record.importing import import_folder
from escalon.conduct.record.signing import Password
from escalon.facts import Day
from escalon.history.events import (
    AdverseEventRecorded,
    AllocationReleased,
    AnswerPart,
    CohortClosed,
    CohortOpened,
    ConsentWithdrawn,
    Course,
    DecisionSigned,
    DltAdjudicated,
    DltProposed,
    DltWindowReviewed,
    EntryAnnulled,
    EvaluabilityJudged,
    FactCorrected,
    FactRecorded,
    Observation,
    OverrideGiven,
    OverrideSigned,
    Verdict,
)

CODES = ["P-1", "P-2", "P-3", "P-4"]
PLAN = study(levels=BUNDLED.dose.levels[:2], cap=4)
WINDOW, SENTINEL, STAGGER = timedelta(days=29), timedelta(days=14), timedelta(days=3)
"""From the day of infusion to the first day that is free: the last day of a 28-day window belongs to it."""
LASTING = timedelta(days=8)
"""A non-haematological event of grade 3 or 4 meets the study's definition once it lasts more than 7 days (DLT-3)."""
codes = st.sampled_from(CODES)
levels = st.integers(1, 3)
numbers = st.integers(1, 3)
ANNULLED = ["ParticipantScreened", "ApheresisDone", "CellsInfused", "DltAdjudicated", "AdverseEventRecorded"]
STEPS = ["consent", "eligibility", "apheresis", "slot", "release", "lymphodepletion"]
SIGNERS = [CORA, CYRUS, INES]


class AnyOrder(RuleBasedStateMachine):
    """People try things, allowed or not; what was recorded is then judged by a second, naive reading of the entries."""

    @initialize(ready=st.integers(0, 2), infused=st.booleans())
    def begin(self, ready: int, infused: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        book = create_casebook(self.folder / "book", study="trial", study_version="1", clock=SetClock(START))
        self.trial = Trial(book, PLAN)
        self.tried = self.done = 0
        if ready:  # most of what can go wrong comes late, so many runs begin in the middle
            self.trial.open_cohort(1, 1)
            for code in CODES[:ready]:
                self.trial.prepare(code, 1, 1)
            if infused:
                self.trial.infuse(CODES[0], 1)

    def teardown(self) -> None:
        if hasattr(self, "trial"):
            found = verify(self.trial.casebook)
            assert found.is_whole, found.problem
            self.trial.casebook.close()
            shutil.rmtree(self.folder)

    def attempt(self, act: Any) -> Entry | int | None:
        self.tried += 1
        with suppress(Refused, CasebookError):
            result: Entry | int | None = act()
            self.done += 1
            return result
        return None

    def last(self, kind: str) -> int:
        found = [entry.number for entry in self.trial.casebook.entries(kinds=[kind])]
        return found[-1] if found else 1

    # -- what people try -------------------------------------------------------------------------------------------

    @rule(code=codes)
    def consent(self, code: str) -> None:
        self.attempt(lambda: self.trial.consent(code))

    @rule(code=codes, verdict=st.sampled_from([*Verdict, Verdict.ELIGIBLE, Verdict.ELIGIBLE]))
    def screen(self, code: str, verdict: Verdict) -> None:
        def act() -> Entry:
            fact = FactRecorded(
                participant=code, fact=Observation(name="alt", value="31", unit="U/L", day="2026-03-01")
            )
            number = self.trial.record(CARLA, fact).number
            return self.trial.screen(code, number, verdict=verdict)

        self.attempt(act)

    @rule(code=codes)
    def sign_eligibility(self, code: str) -> None:
        self.attempt(lambda: self.trial.sign_eligibility(code, self.last("ParticipantScreened")))

    @rule(code=codes, step=st.sampled_from(["apheresis", "lymphodepletion"]))
    def take_a_step(self, code: str, step: str) -> None:
        self.attempt(lambda: getattr(self.trial, step)(code))

    @rule(code=codes, level=levels)
    def release(self, code: str, level: int) -> None:
        self.attempt(lambda: self.trial.release(code, level))

    @rule(code=codes, cohort=numbers)
    def allocate(self, code: str, cohort: int) -> None:
        self.attempt(lambda: self.trial.allocate(code, cohort))

    @rule(code=codes, level=levels)
    def infuse(self, code: str, level: int) -> None:
        self.attempt(lambda: self.trial.infuse(code, level))

    @rule(code=codes, left_out=st.none() | st.sampled_from(STEPS), wait=st.sampled_from([None, 0, 3, 14, 28]))
    def get_ready(self, code: str, left_out: str | None, wait: float | None) -> None:
        """Everything up to infusion in the newest cohort, perhaps with one step left out; then perhaps the infusion."""
        cohort = max(self.trial.conduct.trial.cohorts, default=1)
        known = self.trial.conduct.trial.cohorts.get(cohort)
        level = known.opened.level if known else 1
        steps: dict[str, Any] = {
            "consent": lambda: self.trial.consent(code),
            "eligibility": lambda: self.trial.sign_eligibility(code, self.trial.screen(code).number),
            "apheresis": lambda: self.trial.apheresis(code),
            "slot": lambda: self.trial.allocate(code, cohort),
            "release": lambda: self.trial.release(code, level),
            "lymphodepletion": lambda: self.trial.lymphodepletion(code),
        }
        for name, step in steps.items():
            if name != left_out:
                self.attempt(step)
        if wait is not None:
            self.trial.days(wait)
            self.attempt(lambda: self.trial.infuse(code, level))

    @rule(code=codes)
    def infuse_at_their_level(self, code: str) -> None:
        one = self.trial.conduct.trial.courses.get(code)
        level = one.allocation.level if one and one.allocation else 1
        self.attempt(lambda: self.trial.infuse(code, level))

    @rule(level=levels, course=st.sampled_from([Course.TREAT, Course.TREAT, Course.TREAT, Course.STOP]))
    def propose(self, level: int, course: Course) -> None:
        rests_on = tuple(entry.number for entry in self.trial.casebook.entries(kinds=["DltAdjudicated"]))
        self.attempt(lambda: self.trial.propose(level, *rests_on, course=course))

    @rule(signer=st.sampled_from(SIGNERS))
    def sign_decision(self, signer: Any) -> None:
        self.attempt(lambda: self.trial.sign(signer, DecisionSigned, decision=self.last("DecisionProposed")))

    @rule(cohort=numbers, level=levels, size=st.integers(1, 3))
    def open_cohort(self, cohort: int, level: int, size: int) -> None:
        decision = self.last("DecisionProposed")
        opened = CohortOpened(cohort=cohort, level=level, size=size, decision=decision)
        self.attempt(lambda: self.trial.record(STAN, opened))

    @rule(level=st.integers(1, 2))
    def decide_and_open_the_next_cohort(self, level: int) -> None:
        self.attempt(lambda: self.next_cohort(level))

    def next_cohort(self, level: int) -> Entry:
        number = self.trial.decide(level)
        cohort = max(self.trial.conduct.trial.cohorts, default=0) + 1
        opened = CohortOpened(cohort=cohort, level=level, size=3, decision=number)
        return self.trial.record(STAN, opened)

    @rule(level=st.integers(1, 2))
    def close_the_open_cohort_and_open_the_next(self, level: int) -> None:
        for cohort in self.trial.conduct.trial.open_cohorts():
            closed = CohortClosed(cohort=cohort.opened.cohort, reason="complete")
            self.attempt(partial(self.trial.record, INES, closed))
        self.attempt(lambda: self.next_cohort(level))

    @rule(cohort=numbers)
    def close_cohort(self, cohort: int) -> None:
        self.attempt(lambda: self.trial.record(INES, CohortClosed(cohort=cohort, reason="complete")))

    @rule(code=codes, is_dlt=st.booleans(), by=st.sampled_from([INES, CORA]))
    def adjudicate(self, code: str, is_dlt: bool, by: Any) -> None:
        rests_on = (self.last("DltProposed"),)
        event = DltAdjudicated(participant=code, is_dlt=is_dlt, because="seen", rests_on=rests_on)
        self.attempt(lambda: self.trial.record(by, event))

    @rule(code=codes)
    def propose_dlt(self, code: str) -> None:
        self.attempt(lambda: self.trial.record(CARLA, DltProposed(participant=code, is_dlt=True, because="rule")))

    @rule(code=codes)
    def correct_a_fact(self, code: str) -> None:
        correction = FactCorrected(
            participant=code,
            corrects=self.last("FactRecorded"),
            fact=Observation(name="alt", value="310", unit="U/L", day="2026-03-01"),
            reason="typing",
        )
        self.attempt(lambda: self.trial.record(CARLA, correction))

    @rule(code=codes, grade=st.sampled_from([1, 4, 5]), dlt=st.sampled_from([None, None, False, True]))
    def adverse_event(self, code: str, grade: int, dlt: bool | None) -> None:
        self.attempt(lambda: self.trial.record(CARLA, self.event_of(code, grade, dlt)))

    def event_of(self, code: str, grade: int, dlt: bool | None) -> AdverseEventRecorded:
        outcome = "fatal" if grade == 5 else ""
        start = Day.of(self.trial.today())
        return AdverseEventRecorded(participant=code, term="Sepsis", grade=grade, start=start, dlt=dlt, outcome=outcome)

    @rule(code=codes, grade=st.sampled_from([1, 4]), dlt=st.sampled_from(["", "no"]))
    def import_an_adverse_event(self, code: str, grade: int, dlt: str) -> None:
        """A folder says of somebody what the desk has not: it enters by the import, and by the same rules."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        (data / "facts.csv").write_text("participant,fact,value,unit,date\n")
        row = f"{code},Sepsis,{grade},{self.trial.today()},{dlt}\n"
        (data / "adverse_events.csv").write_text(f"participant,term,grade,start,dlt\n{row}")
        conduct = self.trial.conduct
        self.attempt(lambda: import_folder(conduct, INES, conduct.study, data, "S1", dry_run=False) and 1)

    @rule(code=codes, is_evaluable=st.booleans())
    def judge_evaluability(self, code: str, is_evaluable: bool) -> None:
        judged = EvaluabilityJudged(participant=code, is_evaluable=is_evaluable, because="seen")
        self.attempt(lambda: self.trial.record(INES, judged))

    @rule(code=codes)
    def review_the_window(self, code: str) -> None:
        reviewed = DltWindowReviewed(participant=code, through=self.trial.today(), because="visits seen")
        self.attempt(lambda: self.trial.record(INES, reviewed))

    @rule()
    def nothing_to_report(self) -> None:
        self.attempt(self.trial.nothing_to_report)

    @rule(
        code=codes,
        kind=st.sampled_from(ANNULLED),
    )
    def annul(self, code: str, kind: str) -> None:
        annulled = EntryAnnulled(participant=code, annuls=self.last(kind), reason="wrong participant")
        self.attempt(lambda: self.trial.record(INES, annulled))

    @rule(code=codes)
    def withdraw_consent(self, code: str) -> None:
        withdrawn = ConsentWithdrawn(participant=code, on=self.trial.today(), reason="wish")
        self.attempt(lambda: self.trial.record(INES, withdrawn))

    @rule(code=codes, cohort=numbers, place=numbers)
    def give_a_place_back(self, code: str, cohort: int, place: int) -> None:
        released = AllocationReleased(participant=code, cohort=cohort, place=place, reason="left")
        self.attempt(lambda: self.trial.record(INES, released))

    @rule(days=st.sampled_from([0.5, 3, 14, 28, 40]))
    def let_time_pass(self, days: float) -> None:
        self.trial.days(days)

    @rule(who=st.sampled_from(["carla", "lena", "stan", "mona", "ada", "igor"]), code=codes)
    def someone_else_infuses(self, who: str, code: str) -> None:
        assert self.attempt(lambda: self.trial.record(person(who), self.trial.infusion(code, 1))) is None

    @rule(code=codes, rules=st.sets(st.sampled_from(["sentinel clock", "dlt clock", "decision", "slot"]), min_size=1))
    def override(self, code: str, rules: set[str]) -> None:
        said = (
            AnswerPart(name="level", says="1"),
            AnswerPart(name="product", says=f"B-{code}"),
            AnswerPart(name="cells_per_kg", says="100000"),
        )
        given = OverrideGiven(
            act="CellsInfused", participant=code, rules=tuple(sorted(rules)), content=said, reason="safety"
        )
        self.attempt(lambda: self.trial.record(INES, given))

    @rule(signer=st.sampled_from(SIGNERS))
    def sign_override(self, signer: Any) -> None:
        self.attempt(lambda: self.trial.sign(signer, OverrideSigned, given=self.last("OverrideGiven")))

    @rule(code=codes, level=st.integers(1, 2))
    def infuse_with_override(self, code: str, level: int) -> None:
        self.attempt(lambda: self.trial.infuse(code, level, override=self.last("OverrideGiven")))

    @precondition(lambda self: hasattr(self, "trial"))
    @rule()
    def sign_with_a_wrong_password(self) -> None:
        from escalon.conduct.record.signing import sign

        number = self.last("DecisionProposed")
        wrong = Password("not the password at all")
        made = self.attempt(
            lambda: sign(
                self.trial.conduct,
                self.trial.secrets,
                CORA,
                DecisionSigned,
                password=wrong,
                meaning="x",
                decision=number,
            )
        )
        assert made is None
        self.trial.days(0.1)  # before the count of failures locks the account for the rest of the run

    # -- what must always hold, read naively from the entries --------------------------------------------------------

    @invariant()
    def no_forbidden_state(self) -> None:
        if hasattr(self, "trial"):
            Judge(list(self.trial.casebook.entries())).judge()


class Judge:
    """Reads the entries once more, in the plainest way, and checks each infusion and cohort against the ones before."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def before(self, entry: Entry, kind: str, code: str | None = None, **wanted: object) -> list[Entry]:
        """Entries of a kind made before, not annulled before."""
        annulled = {
            int(str(content(one.event)["annuls"]))
            for one in self.entries
            if one.kind == "EntryAnnulled" and one.number < entry.number
        }
        return [
            one
            for one in self.entries
            if one.number < entry.number
            and one.kind == kind
            and one.number not in annulled
            and (code is None or one.participant == code)
            and all(getattr(one.event, name) == value for name, value in wanted.items())
        ]

    def judge(self) -> None:
        allocated = [e for e in self.entries if e.kind == "LevelAllocated"]
        places = [(e.event.cohort, e.event.place) for e in allocated]  # type: ignore[attr-defined]
        assert len(set(places)) == len(places), "a place was given twice"
        for entry in self.entries:
            if entry.kind == "LevelAllocated":
                self.judge_allocation(entry)
            if entry.kind == "CohortOpened":
                self.judge_cohort(entry)
            if entry.kind == "CellsInfused":
                self.judge_infusion(entry)

    def judge_allocation(self, entry: Entry) -> None:
        taken: Any = entry.event
        [opened] = self.before(entry, "CohortOpened", cohort=taken.cohort)
        given_back = self.before(entry, "AllocationReleased", cohort=taken.cohort)
        held = len(self.before(entry, "LevelAllocated", cohort=taken.cohort)) - len(given_back)
        assert held < opened.event.size, "more places were given than the cohort has"  # type: ignore[attr-defined]
        assert not self.before(entry, "CohortClosed", cohort=taken.cohort), "a place was given in a closed cohort"

    def judge_cohort(self, entry: Entry) -> None:
        opened: Any = entry.event
        closed = {e.event.cohort for e in self.before(entry, "CohortClosed")}  # type: ignore[attr-defined]
        still_open = [e for e in self.before(entry, "CohortOpened") if e.event.cohort not in closed]  # type: ignore[attr-defined]
        assert not still_open, "two open cohorts"
        signers = {e.author.person for e in self.before(entry, "DecisionSigned", decision=opened.decision)}
        assert len(signers) >= 2, "a cohort without two signatures"
        [proposed] = [e for e in self.entries if e.number == opened.decision]
        assert proposed.event.level == opened.level  # type: ignore[attr-defined]
        dlts = {e.author.person for e in self.before(entry, "DltAdjudicated") if e.number in proposed.event.rests_on}  # type: ignore[attr-defined]
        assert signers - dlts, "only those signed who entered the DLTs"
        for other in self.before(entry, "CellsInfused"):
            if not self.together(entry, other, opened.level):
                self.judge_window(entry, other, entry.at)

    def together(self, entry: Entry, other: Entry, level: int) -> bool:
        """Whether an infusion before belongs to the group of three that an act at this level completes.

        A group is filled in the order of the infusions at its level, whatever cohort number their places carry: a cohort
        closed before it was full is completed by the next one at its level, under the clocks within a group.
        """
        left = {e.participant for kind in ("ConsentWithdrawn",) for e in self.before(entry, kind)}
        mine = [e for e in self.before(entry, "CellsInfused") if e.event.level == level and e.participant not in left]  # type: ignore[attr-defined]
        return other.participant in left or other in mine[len(mine) // 3 * 3 :]

    def judge_window(self, entry: Entry, other: Entry, at: Any) -> None:
        infused: Any = other.event
        dlt = self.before(entry, "DltAdjudicated", other.participant, is_dlt=True)
        assert at.date() >= infused.at.date() + WINDOW or dlt, "a DLT clock was running"

    def judge_infusion(self, entry: Entry) -> None:
        infused: Any = entry.event
        code = entry.participant
        waived: set[str] = set()
        if infused.override is not None:
            [given] = [e for e in self.entries if e.number == infused.override]
            waived = set(given.event.rules)  # type: ignore[attr-defined]
            assert len({e.author.person for e in self.before(entry, "OverrideSigned", given=given.number)}) >= 2
            users = [e for e in self.entries if e.event.override == infused.override]
            assert users == [entry], "an override was used twice"
        consents = self.before(entry, "ParticipantConsented", code)
        withdrawn = self.before(entry, "ConsentWithdrawn", code)
        assert consents, "infused without consent"
        assert not withdrawn or consents[-1].number > withdrawn[-1].number, "infused after consent was withdrawn"
        screened = self.before(entry, "ParticipantScreened", code)
        assert screened
        assert screened[-1].event.verdict is Verdict.ELIGIBLE, "infused without being eligible"  # type: ignore[attr-defined]
        signed = self.before(entry, "EligibilitySigned", code, screening=screened[-1].number)
        assert signed, "infused without signed eligibility"
        assert self.before(entry, "ApheresisDone", code), "infused without apheresis"
        assert self.before(entry, "LymphodepletionGiven", code), "infused without lymphodepletion"
        assert self.before(entry, "ProductReleased", code, product=infused.product, level=infused.level)
        if "slot" not in waived:
            self.judge_place(entry, infused, waived)
        if infused.override is None:
            self.judge_doubt(entry)

    def judge_doubt(self, entry: Entry) -> None:
        """Nobody is dosed on a life-threatening event within a window of which nobody said whether it was a DLT."""
        for other in self.before(entry, "CellsInfused"):
            day = other.event.at.date()  # type: ignore[attr-defined]
            for one in self.before(entry, "AdverseEventRecorded", other.participant, dlt=None):
                start = one.event.start.earliest  # type: ignore[attr-defined]
                asks = start if one.event.grade == 5 else start + LASTING  # type: ignore[attr-defined]
                if one.event.grade >= 4 and day <= start < day + WINDOW and entry.at.date() >= asks:  # type: ignore[attr-defined]
                    assert self.is_settled(entry, one), "dosed while an event in somebody's window was not judged"

    def is_settled(self, entry: Entry, event: Entry) -> bool:
        """Whether somebody judged or reviewed after the event was recorded; or a DLT of this participant stands."""
        later = [
            one
            for kind in ("DltAdjudicated", "DltWindowReviewed")
            for one in self.before(entry, kind, event.participant)
            if one.number > event.number
        ]
        had = self.before(entry, "AdverseEventRecorded", event.participant, dlt=True)
        return bool(later or had or self.before(entry, "DltAdjudicated", event.participant, is_dlt=True))

    def judge_place(self, entry: Entry, infused: Any, waived: set[str]) -> None:
        held = self.before(entry, "LevelAllocated", entry.participant)
        assert held, "infused without a place"
        cohort = held[-1].event.cohort  # type: ignore[attr-defined]
        [opened] = self.before(entry, "CohortOpened", cohort=cohort)
        assert not self.before(entry, "CohortClosed", cohort=cohort), "infused in a closed cohort"
        assert opened.event.level == infused.level, "infused at another level than the cohort's"  # type: ignore[attr-defined]
        for other in self.before(entry, "CellsInfused"):
            together = self.together(entry, other, infused.level)
            if together and "sentinel clock" not in waived and not self.waived_for(other):
                wait = STAGGER if self.follows_another(other) else SENTINEL
                assert infused.at.date() >= other.event.at.date() + wait, "a sentinel clock was running"  # type: ignore[attr-defined]
            elif not together and "dlt clock" not in waived and other.participant != entry.participant:
                self.judge_window(entry, other, infused.at)

    def follows_another(self, entry: Entry) -> bool:
        """Whether someone was infused before at the same level."""
        level = entry.event.level  # type: ignore[attr-defined]
        return any(other.event.level == level for other in self.before(entry, "CellsInfused"))  # type: ignore[attr-defined]

    def waived_for(self, entry: Entry) -> set[str]:
        given = [e for e in self.entries if e.number == entry.event.override]
        return set(given[0].event.rules) if given else set()  # type: ignore[attr-defined]


EXAMPLES = int(os.environ.get("ESCALON_ANY_ORDER", "25"))
"""Runs of 40 steps; `make anyorder` makes 125 of them, 5,000 steps."""
AnyOrder.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyOrder = pytest.mark.slow(AnyOrder.TestCase)


def test_the_judge_is_not_blind(tmp_path: Path) -> None:
    """An infusion recorded around `conduct` is one the judge objects to."""
    book = create_casebook(tmp_path / "book", study="trial", study_version="1", clock=SetClock(START))
    trial = Trial(book, PLAN)
    trial.open_cohort(1, 1)
    trial.prepare("P-1", 1, 1)
    book.append(INES, trial.infusion("P-1", 1))
    Judge(list(book.entries())).judge()
    book.append(INES, trial.infusion("P-2", 1))
    with pytest.raises(AssertionError, match="infused without consent"):
        Judge(list(book.entries())).judge()
    book.close()


def test_the_judge_sees_an_event_that_nobody_judged(tmp_path: Path) -> None:
    book = create_casebook(tmp_path / "book", study="trial", study_version="1", clock=SetClock(START))
    trial = Trial(book, PLAN)
    trial.open_cohort(1, 1)
    for code in ("P-1", "P-2"):
        trial.prepare(code, 1, 1)
    trial.infuse("P-1", 1)
    start = Day.of(trial.today())
    book.append(CARLA, AdverseEventRecorded(participant="P-1", term="Sepsis", grade=4, start=start))
    trial.days(14)
    book.append(INES, trial.infusion("P-2", 1))
    with pytest.raises(AssertionError, match="was not judged"):
        Judge(list(book.entries())).judge()
    book.close()
