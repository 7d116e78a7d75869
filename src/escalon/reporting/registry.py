"""The results modules of ClinicalTrials.gov: participant flow, baseline, outcomes and adverse events, by dose level.

Shapes and words are those of the registry's data API, version 2 (https://clinicaltrials.gov/data-api/api): groups are `FG000`,
`BG000`, `OG000`, `EG000` …, every number is text. What is not known is left out with a comment, never written as zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from escalon.conduct.judge.endpoints import Executed, by_level
from escalon.conduct.judge.estimates import deviation, mean
from escalon.conduct.judge.member import Member, member
from escalon.conduct.judge.populations import populations
from escalon.conduct.judge.scores import STANDING
from escalon.conduct.judge.treated import events_of, safety_population
from escalon.conduct.judge.windows import last_of
from escalon.facts import Day, Fact, exact, together
from escalon.history import Trial
from escalon.protocol.study import Study
from escalon.protocol.vocabulary import DISEASE
from escalon.reporting.document import mark_of
from escalon.reporting.grounds import before
from escalon.reporting.in_words import told_in_words
from escalon.reporting.printed import number
from escalon.safety.counting import emergent
from escalon.safety.occurrence import Occurrence

SEX, AGE = STANDING[:2]
THRESHOLD = 5
"""Other than serious events are listed when they affect at least this percentage of a group: the registry's own most."""
UNITS = "Participants"
Json = dict[str, Any]


class Registry:
    """One study's results at a cut-off, by dose level, as the registry takes them."""

    def __init__(self, study: Study, trial: Trial, cutoff: Day) -> None:
        self.study, self.trial, self.cutoff = study, trial, cutoff
        self.infused = populations(study, trial, cutoff)["infused"].members
        self.people = {code: member(study, trial, code) for code in self.infused}
        levels = sorted({one.level for one in self.people.values() if one.level is not None})
        self.levels = {level: [code for code, one in self.people.items() if one.level == level] for level in levels}

    def groups(self, letter: str, *, total: bool = False) -> list[Json]:
        """The dose levels as groups; for baseline a total beside them."""
        found = [
            {
                "id": f"{letter}G{place:03d}",
                "title": f"Level {level}",
                "description": str(self.study.dose.level(level).amount),
            }
            for place, level in enumerate(self.levels)
        ]
        last = {"id": f"{letter}G{len(found):03d}", "title": "Total", "description": "All reporting groups"}
        return [*found, last] if total else found

    def by_level(self, letter: str) -> list[tuple[str, list[str]]]:
        """The id of each group, and who is in it."""
        return [(f"{letter}G{place:03d}", codes) for place, codes in enumerate(self.levels.values())]

    # -- participant flow --------------------------------------------------------------------------------------------------

    def flow(self) -> Json:
        """Who started, who completed the planned follow-up, and why others did not."""
        screened = len(self.trial.participants)
        ended = {code: one.ended for code, one in self.people.items()}
        done = {code for code, one in self.people.items() if self._is_complete(one)}
        milestones = {"STARTED": set(self.infused), "COMPLETED": done, "NOT COMPLETED": set(self.infused) - done}
        reasons = {"Death": "died", "Withdrawal by Subject": "left"}
        drops = {
            name: {c for c, one in ended.items() if one is not None and one.how == how} - done
            for name, how in reasons.items()
        }
        drops["Still in follow-up"] = set(self.infused) - done - {code for some in drops.values() for code in some}
        return {
            "preAssignmentDetails": f"{screened} people were screened; {screened - len(self.infused)} were not treated.",
            "groups": self.groups("F"),
            "periods": [
                {
                    "title": "Overall Study",
                    "milestones": [
                        {"type": kind, "achievements": self._counts("F", some)} for kind, some in milestones.items()
                    ],
                    "dropWithdraws": [
                        {"type": kind, "reasons": self._counts("F", some)} for kind, some in drops.items() if some
                    ],
                }
            ],
        }

    def _counts(self, letter: str, some: set[str]) -> list[Json]:
        return [
            {"groupId": group, "numSubjects": str(len(some.intersection(codes)))}
            for group, codes in self.by_level(letter)
        ]

    def _is_complete(self, one: Member) -> bool:
        """Whether the last planned visit's days were over before the cut-off, and before anybody died or left."""
        if one.infused is None or not self.study.visits:
            return False
        last = max(self.study.visits, key=lambda visit: visit.latest)
        known = min(self.cutoff.latest, one.ended.day.earliest) if one.ended else self.cutoff.latest
        return known > last_of(last, one.infused)

    # -- baseline ----------------------------------------------------------------------------------------------------------

    def baseline(self) -> Json:
        """Age, sex and disease of everybody treated."""
        groups = [*self.by_level("B"), (f"BG{len(self.levels):03d}", list(self.infused))]
        measures = [self._age(groups), self._labels("Sex: Female, Male", SEX, groups)]
        if len(self.study.diseases) > 1:
            measures.append(self._labels("Disease", DISEASE, groups))
        return {
            "populationDescription": "Everybody infused.",
            "groups": self.groups("B", total=True),
            "denoms": [_denoms((group, len(codes)) for group, codes in groups)],
            "measures": measures,
        }

    def _age(self, groups: Sequence[tuple[str, list[str]]]) -> Json:
        measured = []
        for group, codes in groups:
            known = (self._before(code, AGE) for code in codes)
            values = [exact(fact.number) for fact in known if fact is not None and fact.number is not None]
            if values:
                spread = deviation(values)
                more = {"spread": number(spread, 2)} if spread is not None else {"comment": "one participant"}
                measured.append({"groupId": group, "value": number(mean(values), 1), **more})
        return {
            "title": "Age, Continuous", "paramType": "MEAN", "dispersionType": "STANDARD_DEVIATION",
            "unitOfMeasure": "years", "classes": [{"categories": [{"measurements": measured}]}],
        }  # fmt: skip

    def _labels(self, title: str, fact: str, groups: Sequence[tuple[str, list[str]]]) -> Json:
        facts = {code: self._before(code, fact) for code in self.infused}
        known = {code: str(fact.value) if fact else "not recorded" for code, fact in facts.items()}
        words = list(dict.fromkeys(sorted(known.values())))
        names = {one.id: one.name for one in self.study.diseases}
        categories = [
            {
                "title": names.get(word, word.capitalize()),
                "measurements": [
                    {"groupId": group, "value": str(sum(known[code] == word for code in codes))}
                    for group, codes in groups
                ],
            }
            for word in words
        ]
        return {
            "title": title, "paramType": "COUNT_OF_PARTICIPANTS", "unitOfMeasure": UNITS,
            "classes": [{"categories": categories}],
        }  # fmt: skip

    def _before(self, code: str, name: str) -> Fact | None:
        one = self.people[code]
        return before(one.facts, name, one.infused)

    # -- outcomes ----------------------------------------------------------------------------------------------------------

    def outcomes(self) -> Json:
        """Every declared endpoint, by level and visit."""
        return {"outcomeMeasures": [self._outcome(one.id) for one in self.study.endpoints]}

    def _outcome(self, id: str) -> Json:
        endpoint = self.study.endpoint(id)
        done = by_level(self.study, self.trial, endpoint, self.cutoff)
        kind = _KINDS[endpoint.compare]
        head: Json = {
            "type": endpoint.role.upper(), "title": endpoint.title, "description": done.estimand,
            "populationDescription": done.detail if done.why_not else f"Population: {endpoint.among}.",
            "reportingStatus": "NOT_POSTED" if done.why_not else "POSTED",
            "timeFrame": self._frame(done.visits),
        }  # fmt: skip
        if done.why_not:
            return head
        inside = [(group, [code for code in codes if code in done.members]) for group, codes in self.by_level("O")]
        return head | {
            "paramType": kind[0], **({"dispersionType": kind[1]} if kind[1] else {}),
            "unitOfMeasure": UNITS if kind[0] == "COUNT_OF_PARTICIPANTS" else done.unit or kind[2],
            "groups": self.groups("O"), "denoms": [_denoms((group, len(codes)) for group, codes in inside)],
            "classes": [self._class(done, visit, kind) for visit in done.visits],
        }  # fmt: skip

    def _frame(self, visits: Iterable[str]) -> str:
        days = [one.day for one in self.study.visits if one.id in set(visits)]
        return f"day {min(days)} to day {max(days)} from infusion" if days else "from infusion to the data cut-off"

    def _class(self, done: Executed, visit: str, kind: tuple[str, str, str, str]) -> Json:
        measured, sizes = [], []
        for (group, _), level in zip(self.by_level("O"), self.levels, strict=True):
            name = f"level {level}"
            n = sum(cell.state.value == "value" for cell in done.at(visit, name))
            sizes.append((group, n))
            measured.append({"groupId": group, **_measured(done, visit, name, kind)})
        return {"title": visit, "denoms": [_denoms(sizes)], "categories": [{"measurements": measured}]}

    # -- adverse events ----------------------------------------------------------------------------------------------------

    def adverse_events(self) -> Json:
        """Serious events all, others above the threshold, deaths: events, participants affected, participants at risk."""
        people = safety_population(self.study, self.trial, self.cutoff.latest)
        events = emergent(events_of(self.trial), people, self.cutoff.latest)
        serious = [one for one in events if one.serious is True]
        other = [one for one in events if one.serious is not True]
        unsaid = sum(one.serious is None for one in other)
        listed = {term: some for term, some in _by_term(other).items() if self._is_frequent(some)}
        return {
            "frequencyThreshold": str(THRESHOLD), "timeFrame": f"from infusion to {self.cutoff}",
            "description": _graded_by(self.study.gives_cells, unsaid),
            "eventGroups": [self._event_group(place, serious, [e for some in listed.values() for e in some])
                            for place in range(len(self.levels))],
            "seriousEvents": [self._event(term, some) for term, some in _by_term(serious).items()],
            "otherEvents": [self._event(term, some) for term, some in listed.items()],
        }  # fmt: skip

    def _is_frequent(self, some: Sequence[Occurrence]) -> bool:
        affected = {one.participant for one in some}
        return any(100 * len(affected.intersection(codes)) >= THRESHOLD * len(codes) for codes in self.levels.values())

    def _event_group(self, place: int, serious: Sequence[Occurrence], other: Sequence[Occurrence]) -> Json:
        codes = set([*self.levels.values()][place])
        affected = {
            kind: len(codes & {one.participant for one in some})
            for kind, some in (("serious", serious), ("other", other))
        }
        deaths = sum(self.people[code].has_died for code in codes)
        counts = {f"{kind}NumAffected": n for kind, n in affected.items()} | {"deathsNumAffected": deaths}
        return (
            self.groups("E")[place]
            | counts
            | {f"{kind}NumAtRisk": len(codes) for kind in ("serious", "other", "deaths")}
        )

    def _event(self, term: tuple[str, str], some: Sequence[Occurrence]) -> Json:
        stats = [
            {
                "groupId": group, "numEvents": sum(one.participant in codes for one in some),
                "numAffected": len({one.participant for one in some}.intersection(codes)), "numAtRisk": len(codes),
            }
            for group, codes in self.by_level("E")
        ]  # fmt: skip
        return {
            "term": term[1], "organSystem": term[0],
            **({} if term[0].startswith("Not coded") else {"sourceVocabulary": "CTCAE 5.0"}),
            "assessmentType": "NON_SYSTEMATIC_ASSESSMENT", "stats": stats,
        }  # fmt: skip


def registry(study: Study, trial: Trial, cutoff: Day) -> Json:
    """The results modules of a study; its mark stands beside what is posted, and in it where nobody exists."""
    made, mark, dated = Registry(study, trial, cutoff), mark_of(trial.synthetic), f"data cut-off {cutoff}"
    stands = {"description": f"{mark} · {dated}" if trial.synthetic else dated}
    found: Json = {
        "mark": mark,
        "cutoff": str(cutoff),
        "resultsSection": {
            "participantFlowModule": made.flow(),
            "baselineCharacteristicsModule": made.baseline(),
            "outcomeMeasuresModule": made.outcomes(),
            "adverseEventsModule": made.adverse_events(),
            "moreInfoModule": {"limitationsAndCaveats": stands},
        },
    }
    return found if study.gives_cells else told_in_words(found, study.said)


_KINDS = {
    "value": ("MEAN", "STANDARD_DEVIATION", "score", "value"),
    "change from baseline": ("MEAN", "STANDARD_DEVIATION", "score", "change"),
    "percent change": ("MEAN", "STANDARD_DEVIATION", "percent", "change"),
    "best change": ("MEAN", "STANDARD_DEVIATION", "score", "change"),
    "response": ("COUNT_OF_PARTICIPANTS", "", UNITS, "responders"),
    "course": ("MEDIAN", "FULL_RANGE", "level", "value"),
    "events": ("NUMBER", "", "events", "events"),
}
"""For each way of comparing: the registry's words for parameter and dispersion, the unit, and the statistic."""


def _measured(done: Executed, visit: str, group: str, kind: tuple[str, str, str, str]) -> Json:
    """One measurement of a group at a visit; where there is none, a comment says so."""
    param, dispersion, _, what = kind
    if param in ("COUNT_OF_PARTICIPANTS", "NUMBER"):
        found = done.statistic(visit, what, group)
        return {"value": str(found.value)} if found else {"value": "0", "comment": "nobody in this group"}
    middle = done.statistic(visit, f"{what}.{'mean' if param == 'MEAN' else 'median'}", group)
    if middle is None or middle.value is None:
        return {"value": "NA", "comment": "no value in this group"}
    value = _text(middle.value)
    if dispersion == "FULL_RANGE":
        low, high = (_text(found.value if (found := done.statistic(visit, f"{what}.{end}", group)) else None)
                     for end in ("low", "high"))  # fmt: skip
        codes = [one for one in (value, low, high) if not _is_number(one)]
        said = {"comment": f"median {value}, {low} to {high}; NA: {', '.join(dict.fromkeys(codes))}"} if codes else {}
        ends = {"value": value, "lowerLimit": low, "upperLimit": high}
        return {key: one if _is_number(one) else "NA" for key, one in ends.items()} | said
    spread = done.statistic(visit, f"{what}.sd", group)
    if spread is None or spread.value is None:
        return {"value": value, "spread": "NA", "comment": "one participant: no standard deviation"}
    return {"value": value, "spread": _text(spread.value)}


def _text(value: object) -> str:
    """A number as the registry takes it: plain digits, a plain minus."""
    return number(value, 2).replace("−", "-") if isinstance(value, int | Fraction) else str(value)


def _is_number(text: str) -> bool:
    """Whether the registry takes a text as a number: what an assay says in words, such as ND, stands in the comment."""
    return text.lstrip("-").replace(".", "", 1).isdecimal()


def _graded_by(gives_cells: bool, unsaid: int) -> str:
    """What events are graded by, and of how many nobody said whether they were serious."""
    graded = (
        "CRS and ICANS are graded by ASTCT 2019, all others by CTCAE 5.0." if gives_cells else "Graded by CTCAE 5.0."
    )
    more = f" Of {unsaid} events it is not recorded whether they were serious; they stand among the others."
    return graded + (more if unsaid else "")


def _denoms(counts: Iterable[tuple[str, int]]) -> Json:
    return {"units": UNITS, "counts": [{"groupId": group, "value": str(n)} for group, n in counts]}


def _by_term(events: Iterable[Occurrence]) -> Mapping[tuple[str, str], list[Occurrence]]:
    return dict(sorted(together(((one.term.system_class, one.term.name), one) for one in events).items()))
