"""Today: what waits, for whom, until when; what holds dosing, and until which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from escalon.conduct.judge.waiting import Urgency, Waiting
from escalon.conduct.permit.holds import dosing_holds
from escalon.conduct.record import drafts
from escalon.facts import together
from escalon.history.events import Role, spaced
from escalon.web.check import left_by_page
from escalon.web.clocks import ClockShown, clocks
from escalon.web.desk import Desk
from escalon.web.overriding import came_to_its_end, leads, waits_for_its_act
from escalon.web.registry import EVERYBODY, page

DOES = {
    "DltAdjudicated": ("Adjudicate", "/participants/{who}/safety#dlt"),
    "DltWindowReviewed": ("Review", "/participants/{who}/safety#dlt"),
    "DecisionProposed": ("Propose", "/cohorts"),
    "DecisionSigned": ("Read and sign", "/decisions/{about}"),
    "CohortOpened": ("Open", "/cohorts"),
    "QueryRaised": ("Read", "/participants/{who}/findings/{visit}"),
    "QueryAnswered": ("Answer", "/queries#query-{about}"),
    "QueryClosed": ("Read", "/queries#query-{about}"),
    "OverrideSigned": ("Read", "/overrides#override-{about}"),
    "EntrySigned": ("Read", "/entries/{about}"),
    "SafetyReportSent": ("Report", "/participants/{who}/safety#reports"),
    "ProductReleased": ("Release", "/participants/{who}/treatment"),
    "FactRecorded": ("Enter", "/participants/{who}/visits/{visit}"),
    "ParticipantScreened": ("Screen", "/participants/{who}/screening"),
    "EligibilitySigned": ("Read and sign", "/participants/{who}/screening"),
}
"""What the button says and where it leads, by the act that settles a matter."""
SCREENING = "/participants/{who}/screening?show=open"
"""Where a value is entered that no visit asks for."""
STALE = timedelta(hours=24)
"""From so long on a draft is shown to its author and the site's investigator: a day's work is recorded the same day."""


@dataclass(frozen=True)
class MatterShown:
    """One matter: whom it is about, what waits and why, its state and day, and where it is done."""

    participant: str
    what: str
    why: str
    state: str
    kind: str
    """How the state is drawn, by how long it can wait."""
    by: date | None
    does: str
    address: str


@dataclass(frozen=True)
class MattersShown:
    """The matters of one urgency."""

    title: str
    matters: tuple[MatterShown, ...]


@dataclass(frozen=True)
class HoldShown:
    """What forbids dosing, and until when."""

    about: str
    says: str
    until: date | None


@dataclass(frozen=True)
class TodayPage:
    """What waits for the reader, the clocks that run, and what holds dosing."""

    day: date
    groups: tuple[MattersShown, ...]
    clocks: tuple[ClockShown, ...]
    holds: tuple[HoldShown, ...]
    participants: int
    infused: int


KINDS = {Urgency.NOW: "over", Urgency.TODAY: "now", Urgency.WEEK: "soon"}


@page("/", EVERYBODY)
def today(desk: Desk) -> TodayPage:
    """What waits for you, the most urgent first."""
    if not desk.may("read record"):
        left = _left_to_do(desk) if desk.role is Role.ADMINISTRATOR else ()
        return TodayPage(desk.today, left, (), (), 0, 0)
    mine = [one for one in desk.waiting if _is_mine(desk, one)]
    groups = (
        MattersShown(urgency.value, tuple(_shown(one) for one in mine if one.urgency is urgency)) for urgency in KINDS
    )
    return TodayPage(
        desk.today,
        tuple(one for one in (*groups, overrides_waiting(desk), drafts_waiting(desk)) if one.matters),
        tuple(clocks(desk)),
        holds_shown(desk),
        len(desk.courses()),
        len(desk.trial.infused()),
    )


def _left_to_do(desk: Desk) -> tuple[MattersShown, ...]:
    """What an administrator has still to do; of the trial itself nothing."""
    found = desk.kept("left by page", lambda: tuple(left_by_page(desk.bench)))
    rows = tuple(MatterShown("", says, "", "to do", "now", None, "Open", address) for says, address in found)
    return (MattersShown("Still to do", rows),) if rows else ()


def overrides_waiting(desk: Desk) -> MattersShown:
    """Overrides this reader asked for that are signed: what they allow is recorded under them, once."""
    asked = [
        (number, one)
        for number, one in desk.trial.overrides.items()
        if waits_for_its_act(one, desk.study, desk.bench.now())
        and desk.person
        and one.entry.author.person == desk.person.account
    ]
    return MattersShown(
        "Signed for this once, and not yet recorded",
        tuple(
            MatterShown(
                one.given.participant or "", spaced(one.given.act).capitalize(), f"under override {number}", "signed",
                "signed", None, "Record it", leads(one.given.act, one.given.participant or "", number),
            )
            for number, one in asked
        ),
    )  # fmt: skip


def drafts_waiting(desk: Desk) -> MattersShown:
    """Drafts of a day and more: their author's own, and to the site's investigator that there are any, not what they say."""
    found = drafts.waiting_since(desk.conduct, desk.bench.now() - STALE) if desk.person else []
    return MattersShown(
        "Typed and not in the record for a day", tuple(filter(None, (_left(desk, one) for one in found)))
    )


def _left(desk: Desk, draft: drafts.Draft) -> MatterShown | None:
    _, _, code, _, visit, *_ = [*draft.place.split("/"), "", "", ""]
    course = desk.trial.courses.get(code)
    mine = desk.person is not None and draft.account == desk.person.account
    if course is None or not (mine or (desk.role is Role.INVESTIGATOR and desk.sees(course))):
        return None
    why = f"{draft.account} typed on {visit}; it is no entry until they record it"
    return MatterShown(
        code, f"draft of {visit}", why, "draft", "pend", None, "Open",
        draft.place if mine else draft.place.rpartition("/")[0],
    )  # fmt: skip


def holds_shown(desk: Desk) -> tuple[HoldShown, ...]:
    """What forbids dosing today: holds that say the same, once, with all they are about."""
    infused = desk.trial.infused()
    desk.bench.know(desk.trial, tuple(one.code for one in infused))
    find = lambda: dosing_holds(desk.study, desk.trial, desk.today) if infused else []  # noqa: E731
    found = together(((one.says, one.until), one.about) for one in desk.kept_of_dosing("holds", find))
    return tuple(HoldShown(_all_of(about), says, until) for (says, until), about in found.items())


def _all_of(about: list[str]) -> str:
    """All that one hold is about: `level 2`; `levels 1, 3`; participants by their codes."""
    of = {one.partition(" of ")[1] + one.partition(" of ")[2] for one in about}
    end = next(iter(of)) if len(of) == 1 else ""  # levels of one stratum
    said = ", ".join(one.removesuffix(end) for one in about).replace(", level ", ", ")
    return (said.replace("level ", "levels ", 1) if len(about) > 1 else said) + end


def count_of_matters(desk: Desk) -> int:
    """How much waits for this reader, beside the word Today."""
    if desk.person is None or not desk.may("read record"):
        return 0
    return sum(_is_mine(desk, one) for one in desk.waiting if one.urgency is not Urgency.WEEK)


def matters_of(desk: Desk, code: str) -> tuple[MatterShown, ...]:
    """What waits of one participant, for whoever."""
    return tuple(_shown(one) for one in desk.waiting if one.participant == code)


def _is_mine(desk: Desk, one: Waiting) -> bool:
    """Whether it is for this reader to settle; over a data folder, everything is shown."""
    if desk.person is None:
        return True
    course = desk.trial.courses.get(one.participant)
    site = course.site or None if course else None
    decision = desk.trial.decisions.get(one.about or 0)
    if one.act == "DecisionSigned" and decision and desk.person.account in decision.signers:
        return False
    override = desk.trial.overrides.get(one.about or 0)
    if one.act == "OverrideSigned" and override:
        stands = override, desk.study, desk.bench.now()
        if desk.account in override.signers or waits_for_its_act(*stands) or came_to_its_end(*stands):
            return False
    if one.act == "FactRecorded" and not one.visit:  # what screening lacks is for whoever screens
        return desk.may("ParticipantScreened", site)
    return desk.may(one.act, site)


def _shown(one: Waiting) -> MatterShown:
    does, where = DOES.get(one.act, ("Open", "/entries/{about}"))
    if one.act == "FactRecorded" and not one.visit:
        where = SCREENING
    leads = where.format(who=one.participant, about=one.about, visit=one.visit)
    return MatterShown(one.participant, one.what, one.why, one.state, KINDS[one.urgency], one.by, does, leads)
