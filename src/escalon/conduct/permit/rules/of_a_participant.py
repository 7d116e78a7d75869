"""A participant's way from consent to the infusion: what must have happened before what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from escalon import history
from escalon.conduct.judge import standing
from escalon.conduct.judge.dose_day import weight_apart
from escalon.conduct.judge.dose_review import gone
from escalon.conduct.judge.given import Given, amount_of, deviation, doses_of
from escalon.conduct.permit.act import Act, rule
from escalon.conduct.permit.sites import why_no_site
from escalon.facts import Day
from escalon.history.events import (
    EVERY_SITE,
    ApheresisDone,
    CellsInfused,
    DoseChecked,
    DosePrepared,
    LevelAllocated,
    LymphodepletionGiven,
    ParticipantConsented,
    ParticipantScreened,
    ParticipantTransferred,
    ProductReleased,
    SafetyReportSent,
)
from escalon.sources.folder import written_alike

TREATED = (ApheresisDone, LevelAllocated, LymphodepletionGiven, CellsInfused)


@rule(*TREATED, ProductReleased, name="consent", signatures=2)
def consent_stands(act: Act) -> str | None:
    """Nothing is done to a participant before consent, or after it was withdrawn."""
    act.know((act.event.participant,))
    given = act.one.consented
    if given is None or any(one.event.on <= act.day for one in act.one.consents_gone_by(act.day)):
        return f"{act.event.participant} has no consent, or has withdrawn it"
    return f"{act.event.participant} consented on {given}, after {act.day}" if given.earliest > act.day else None


@rule(ParticipantConsented, name="one person", signatures=0)
def nobody_has_two_codes(act: Act) -> str | None:
    """A new participant's code is not another's, written otherwise: nobody is counted twice."""
    code, written = act.event.participant, written_alike(act.event.participant)
    other = next((one for one in act.trial.courses if written_alike(one) == written), code)
    return None if code in act.trial.courses or other == code else f"is {code} not {other}, who is there already?"


@rule(ParticipantConsented, ParticipantTransferred, name="site", signatures=0)
def a_site_is_written_in_one_way(act: Act) -> str | None:
    """A participant is at a site, not at every one; its name is not another's, written otherwise."""
    site = act.event.site if isinstance(act.event, ParticipantConsented) else act.event.to_site
    if site == EVERY_SITE:
        return "site: nobody is at every site; write one"
    return why_no_site(act.trial, site)


@rule(*TREATED, name="withdrawn", signatures=2)
def participant_has_not_left(act: Act) -> str | None:
    """Nobody is treated who left the study, or died."""
    act.know((act.event.participant,))
    return gone(act.one, act.day) or None


@rule(*TREATED, name="eligibility", signatures=2)
def eligibility_is_signed(act: Act) -> str | None:
    """Treatment steps need a screening that says eligible, signed by an investigator, with no answer changed since."""
    act.know((act.event.participant,))
    return standing.eligibility(act.study, act.trial, act.one, act.day) or None


@rule(ParticipantScreened, name="screening", signatures=2)
def nobody_is_called_eligible_against_the_criteria(act: Act) -> str | None:
    """Nobody is recorded as eligible whom the study's criteria, on what is recorded, exclude."""
    answer = act.event.answer
    if act.event.verdict != "eligible" or answer is None or answer.says != "not eligible":
        return None
    failed = [part.name for part in answer.parts if part.says == "not met"]
    return f"{act.event.participant} is not eligible by the record: {', '.join(failed)}"


@rule(LymphodepletionGiven, ProductReleased, CellsInfused, name="apheresis", signatures=1)
def apheresis_is_done(act: Act) -> str | None:
    """Where a study collects cells, the steps after follow apheresis; a product follows its own collection."""
    code, done = act.event.participant, act.one.collections
    if not done:
        return f"no apheresis is recorded for {code}" if act.study.collects_cells else None
    mine = [one for one in done if one.event.collection == getattr(act.event, "collection", one.event.collection)]
    first = min((one.event.at for one in mine), default=None)
    moment = getattr(act.event, "at", None)
    if first is None:
        return None  # a product of another collection is refused by [identity]
    too_early = moment < first if isinstance(moment, datetime) else act.day < _day(first, act)
    return f"the cells of {code} were collected on {_day(first, act)}, after this" if too_early else None


def _day(moment: datetime, act: Act) -> date:
    return moment.astimezone(act.trial.frame.zone).date()


@rule(CellsInfused, name="lymphodepletion", signatures=1)
def lymphodepletion_is_given(act: Act) -> str | None:
    """Where a study conditions, the dose is given after it."""
    if not act.one.conditionings:
        return f"no lymphodepletion is recorded for {act.event.participant}" if act.study.conditions else None
    ended = max(one.event.ended_on for one in act.one.conditionings)
    return f"lymphodepletion ended on {ended}, after this infusion" if act.day < ended else None


@rule(ApheresisDone, name="identity", signatures=0)
def a_collection_is_one_persons(act: Act) -> str | None:
    """A collection has a name, and is one participant's."""
    return _named_once(act, "collections", "collection", "is of")


@rule(ProductReleased, name="identity", signatures=0)
def product_comes_from_the_participant(act: Act) -> str | None:
    """A product has a name, and is released for the participant whose cells it was made from."""
    collections = [one.event.collection for one in act.one.collections]
    if collections and act.event.collection not in collections:
        return f"{act.event.participant}'s collection is {', '.join(collections)}, not {act.event.collection}"
    return _named_once(act, "products", "product", "was released for")


def _named_once(act: Act, list_: str, field: str, of: str) -> str | None:
    """Why a name on a bag will not do: none, or another participant's, whatever the case and the spaces around it."""
    name = getattr(act.event, field)
    if not name.strip():
        return f"the {field} has no name; write what its label says"
    for code, other in act.trial.courses.items():
        names = {getattr(one.event, field).strip().casefold() for one in getattr(other, list_)}
        if code != act.event.participant and name.strip().casefold() in names:
            return f"{field} {name} {of} {code}"
    return None


@rule(ProductReleased, name="release", signatures=2)
def the_release_is_for_the_place_held(act: Act) -> str | None:
    """A product is released for the level of the place that the participant holds."""
    if act.cohort is None or act.cohort.opened.level == act.event.level:
        return None
    return f"{act.event.participant}'s place is at level {act.cohort.opened.level}, not {act.event.level}"


@rule(CellsInfused, name="release", signatures=2)
def product_is_released(act: Act) -> str | None:
    """The product given is one released for this participant, at the level given, before it; what is not cells may have none."""
    if not (act.study.gives_cells or act.event.product or act.one.products):
        return None
    released = [one.event for one in act.one.products if one.event.product == act.event.product]
    if not released:
        product = f"product {act.event.product} is not" if act.event.product else "no product is"
        return f"{product} released for {act.event.participant}"
    if released[-1].level != act.event.level:
        return f"product {act.event.product} is released for level {released[-1].level}, not {act.event.level}"
    if act.event.at is not None and act.event.at < released[-1].at:
        return f"product {act.event.product} was released after this infusion"
    return None


@rule(CellsInfused, LymphodepletionGiven, name="slot", signatures=2)
def participant_holds_a_place(act: Act) -> str | None:
    """The participant holds a place in the open cohort, at the level given."""
    if act.cohort is None:
        return f"{act.event.participant} holds no place in an open cohort"
    if isinstance(act.event, CellsInfused) and act.cohort.opened.level != act.event.level:
        return f"{act.event.participant}'s place is at level {act.cohort.opened.level}, not {act.event.level}"
    return None


@rule(CellsInfused, name="second check", signatures=2)
def a_prepared_dose_was_checked(act: Act) -> str | None:
    """A dose that was calculated here is infused only after another person found the same, for this product and level."""
    prepared = act.one.prepared
    if prepared is None:
        return None
    checks = act.one.checks_of(prepared)
    if not checks:
        return f"the dose prepared for {act.event.participant} was not checked by a second person"
    if not checks[-1].event.agrees:
        return f"the second person found otherwise: {', '.join(checks[-1].event.differs)}"
    if (prepared.event.product, prepared.event.level) != (act.event.product, act.event.level):
        return f"what was checked is product {prepared.event.product} at level {prepared.event.level}"
    return None


@rule(DosePrepared, name="weight", signatures=0)
def the_weight_is_the_one_recorded(act: Act) -> str | None:
    """A dose is prepared for the body weight recorded last; where it is another, somebody writes why that is right."""
    if (act.event.reason or "").strip():
        return None
    act.know((act.event.participant,))
    apart = weight_apart(act.study, act.one.facts, act.day, act.event.weight_kg)
    return f"weight_kg: {apart}. Weigh again, or write why it is right" if apart else None


@rule(DoseChecked, name="second person", signatures=0)
def another_person_checks(act: Act) -> str | None:
    """The dose prepared last is checked, by somebody who neither prepared nor changed it, before it is infused."""
    prepared = act.one.prepared
    if prepared is None or prepared.number != act.event.prepared:
        return f"entry {act.event.prepared} is not the dose prepared last for {act.event.participant}"
    if act.author.person in (prepared.first.author.person, prepared.entry.author.person):
        return f"{act.author.person} prepared this dose; another person checks it"
    return f"{act.event.participant} was already infused" if act.one.infusions else None


@rule(SafetyReportSent, name="event", signatures=0)
def a_report_is_about_an_event(act: Act) -> str | None:
    """A safety report is about an adverse event of the participant."""
    known = {one.number for one in act.one.adverse_events}
    return (
        None if act.event.event in known else f"entry {act.event.event} is no adverse event of {act.event.participant}"
    )


@rule(CellsInfused, name="once", signatures=2)
def cells_are_infused_once(act: Act) -> str | None:
    """A participant is infused once; bags within the study's days for a split dose are one infusion."""
    given = doses_of(act.study, act.one)
    if not given or len(given) == len(doses_of(act.study, _with_bag(act))):
        return None
    return f"{act.event.participant} was infused on {given[0].day}"


def _with_bag(act: Act) -> history.Course:
    entry = act.trial.entries[act.one.infusions[0].number]
    return replace(act.one, infusions=[*act.one.infusions, history.Current(act.event, entry, entry)])


@rule(CellsInfused, name="dose", signatures=2)
def the_dose_belongs_to_its_level(act: Act) -> str | None:
    """The dose delivered, all its bags together, lies within the window of the level they are recorded at."""
    amount = amount_of(act.study.dose, act.event)
    given = Given(act.event.participant, act.event.level, Day.of(act.day), Day.of(act.day), amount)
    if act.one.infusions:  # with the bags of the same dose
        every = doses_of(act.study, _with_bag(act))
        given = next((one for one in every if one.split and one.last == given.day and one.level == given.level), given)
    off = deviation(act.study.dose, given)
    return f"the dose of {act.event.participant} is off: {off}" if off else None
