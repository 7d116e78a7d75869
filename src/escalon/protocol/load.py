"""From a study folder to a `Study`: read, build, and check that everything it refers to is there."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from escalon.expressions.events import Part, Pick
from escalon.expressions.tree import Node
from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.folder import Sources, content_version, find_folder, in_order, read_folder, read_record
from escalon.protocol.names import leaves, names_in
from escalon.protocol.study import (
    Alternative,
    Anchor,
    Arm,
    Assumption,
    Baseline,
    Criterion,
    Disease,
    DltDefinition,
    DltEvent,
    DosePlan,
    Endpoint,
    Level,
    Location,
    Lymphodepletion,
    Period,
    Place,
    Regimen,
    Roles,
    Said,
    Statement,
    Study,
    Visit,
)
from escalon.protocol.vocabulary import vocabulary

if TYPE_CHECKING:
    from escalon.protocol.study_file import StudyFile

TABLES = ("adverse_events",)
"""Measures that are tables of the data folder, not facts or instruments."""


def load_study(name_or_folder: str | Path) -> Study:
    """The study of a bundled name (`nct07052565`) or of a folder. Raises StudyError, which lists every problem found."""
    folder = find_folder(name_or_folder)
    document, sources = read_folder(folder)
    return _Builder(folder, document, sources).study()


class _Builder:
    """Builds one study and gathers the problems on the way."""

    def __init__(self, folder: Path, document: "StudyFile", sources: Sources) -> None:
        self.folder, self.document, self.sources = folder, document, sources
        self.problems: list[Problem] = []

    def study(self) -> Study:
        from escalon.protocol.references import check_references

        document = self.document
        criteria = self._criteria()
        if self.problems:
            raise StudyError(in_order(self.problems))
        visits, endpoints = self._visits(), self._endpoints()
        diseases = tuple(
            Disease(one.id, one.name, said(one.says), self.place("disease", n))
            for n, one in enumerate(document.disease)
        )
        used = _used_names(criteria, endpoints, visits)
        instruments = _instruments(used, document)
        limited = [pick.name for one in criteria for pick in _limited(one.tree)]
        places = {name: self.place("fact", name) for name in document.fact}
        words = vocabulary(document.fact, places, diseases, instruments, used, limited)
        study = Study(
            id=self.folder.resolve().name,
            title=document.study.title,
            version=content_version(self.folder),
            folder=self.folder,
            sponsor=document.study.sponsor,
            registry=document.study.registry,
            phase=document.study.phase,
            status=document.study.status,
            design=document.study.design,
            purpose=document.study.purpose,
            target=document.study.target,
            diseases=diseases,
            arms=tuple(
                Arm(one.id, one.name, one.intervention, said(one.says), self.place("arm", n))
                for n, one in enumerate(document.arm)
            ),
            location=tuple(
                Location(one.name, one.city, one.country, said(one.says), self.place("location", n))
                for n, one in enumerate(document.location)
            ),
            dose=self._dose(),
            lymphodepletion=self._lymphodepletion(),
            dlt=self._dlt(),
            criteria=criteria,
            anchors=self._anchors(),
            vocabulary=words,
            instruments=tuple(instruments),
            awaited=tuple(name for name in used if name not in words),
            visits=visits,
            periods=self._periods(),
            endpoints=endpoints,
            assumptions=self._assumptions(),
            statements=tuple(
                Statement(one.id, said(one.says), tuple(one.implemented_by), one.note, self.place("statement", n))
                for n, one in enumerate(document.statement)
            ),
            roles=Roles(**document.roles.model_dump(), place=self.place("roles")),
            zone=document.study.zone,
            baseline=Baseline(tuple(document.study.baseline)),
            record=read_record(self.folder),
        )
        self.problems += check_references(study, self.sources)
        if self.problems:
            raise StudyError(in_order(self.problems))
        return study

    def place(self, *path: str | int) -> Place:
        lines, within = self.sources.at(path)
        return Place(lines.file, lines.find(within).line)

    def _criteria(self) -> tuple[Criterion, ...]:
        kinds: tuple[tuple[Literal["inclusion", "exclusion"], Any], ...] = (
            ("inclusion", self.document.inclusion),
            ("exclusion", self.document.exclusion),
        )
        found = []
        for kind, tables in kinds:
            for number, table in enumerate(tables):
                tree = self._parsed(table.rule, (kind, number, "rule"), table.id)
                applies = self._parsed(table.applies, (kind, number, "applies"), table.id) if table.applies else None
                if tree is None:
                    continue
                found.append(
                    Criterion(
                        table.id, kind, said(table.says), table.rule, tree, table.applies or "", applies,
                        table.title, table.about, table.settle, self._assumed(table.id), self.place(kind, number),
                    )
                )  # fmt: skip
        return tuple(found)

    def _parsed(self, text: str, path: tuple[str | int, ...], where: str) -> Node | None:
        from escalon.criteria import CriterionError, parse

        try:
            return parse(text)
        except CriterionError as error:
            place = (error.line, error.column, error.width)
            self.problems.append(self.sources.problem_in_text(path, *place, error.problem, where))
        except RecursionError:
            self.problems.append(self.sources.problem(path, "this rule is nested too deeply to be read", where))
        return None

    def _assumed(self, *about: str) -> tuple[str, ...]:
        wanted = set(about)
        return tuple(one.id for one in self.document.assumption if wanted.intersection(one.about))

    def _dose(self) -> DosePlan:
        table = self.document.dose
        levels = tuple(
            Level(one.number, one.name, one.cells_per_kg, said(one.says), self.place("dose", "level", n))
            for n, one in enumerate(table.level)
        )
        return DosePlan(
            table.product, table.unit, levels, table.tolerance, table.rule, table.variant, table.cap, table.cohort_size,
            table.dlt_window, table.sentinel_interval, table.stagger, table.whole_cohort_first, table.weight_window,
            table.weight_change_flag, table.weight, table.cells_cap, tuple(table.stopping), table.off_dose,
            table.split_within, table.retreatment, table.window_review, table.override_valid, said(table.says),
            self.place("dose"),
        )  # fmt: skip

    def _lymphodepletion(self) -> Lymphodepletion | None:
        table = self.document.lymphodepletion
        if table is None:
            return None
        regimens = tuple(
            Regimen(
                one.id,
                tuple((drug.drug, Fraction(drug.mg_per_m2), tuple(drug.days)) for drug in one.drugs),
                one.source,
                self.place("lymphodepletion", "regimen", n),
            )
            for n, one in enumerate(table.regimen)
        )
        place = self.place("lymphodepletion")
        return Lymphodepletion(
            tuple(table.drugs), tuple(table.offers), regimens, table.chosen, table.renal_policy, said(table.says), place
        )  # fmt: skip

    def _dlt(self) -> DltDefinition | None:
        table = self.document.dlt
        if table is None:
            return None
        events = tuple(
            DltEvent(
                one.id, one.text, tuple(one.term), one.grade, one.at_most_grade, one.improves_to, one.within_hours,
                one.longer_than_days, one.not_recovered_by_day, one.related, tuple(one.except_for),
                self.place("dlt", "event", n),
            )
            for n, one in enumerate(table.event)
        )  # fmt: skip
        excluded = tuple(table.excluded)
        return DltDefinition(
            events, excluded, table.evaluable, table.replacement, table.confirmed, table.source, self.place("dlt")
        )

    def _anchors(self) -> Mapping[str, Anchor]:
        return MappingProxyType(
            {
                name: Anchor(name, one.fact, one.label, one.days_before, one.until, self.place("anchor", name))
                for name, one in self.document.anchor.items()
            }
        )

    def _visits(self) -> tuple[Visit, ...]:
        return tuple(
            Visit(
                one.id,
                one.name,
                one.day,
                one.day if one.earliest is None else one.earliest,
                one.day if one.latest is None else one.latest,
                tuple(one.measures),
                self.place("visit", n),
            )
            for n, one in enumerate(self.document.visit)
        )

    def _periods(self) -> tuple[Period, ...]:
        return tuple(
            Period(
                one.id, one.name, one.group, one.first_day, one.last_day, one.starts_at, tuple(one.expects),
                self.place("period", n),
            )
            for n, one in enumerate(self.document.period)
        )  # fmt: skip

    def _endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(
            Endpoint(
                one.id, one.role, one.title, one.among, diseases_among(one.among), tuple(one.measure), one.compare,
                tuple(one.at), one.unit, one.better, one.notes, said(one.says), self._assumed(one.id),
                self.place("endpoint", n),
            )
            for n, one in enumerate(self.document.endpoint)
        )  # fmt: skip

    def _assumptions(self) -> tuple[Assumption, ...]:
        return tuple(
            Assumption(
                one.id, tuple(one.about), one.question, one.default,
                tuple(Alternative(other.says, MappingProxyType(dict(other.rules))) for other in one.alternatives),
                one.signer, one.kind, said(one.says), one.source, self.place("assumption", n),
            )
            for n, one in enumerate(self.document.assumption)
        )  # fmt: skip


def said(pieces: Iterable[str]) -> Said:
    """The registry's words as they stand in TOML."""
    return Said(tuple(pieces))


def diseases_among(among: str) -> tuple[str, ...]:
    """The diseases an endpoint is limited to: `treated and disease is RA` gives RA; `treated` gives none, meaning all."""
    _, _, limit = among.partition(" disease is ")
    listed = limit.removeprefix("one of").strip(" ()")
    return tuple(part.strip() for part in listed.split(",") if part.strip())


def _used_names(
    criteria: Iterable[Criterion], endpoints: Iterable[Endpoint], visits: Iterable[Visit]
) -> tuple[str, ...]:
    trees = [tree for one in criteria for tree in (one.tree, one.applies) if tree is not None]
    found = [name for tree in trees for name in names_in(tree)]
    found += [name for one in (*endpoints,) for name in one.measure if name not in TABLES]
    found += [name for one in visits for name in one.measures if name not in TABLES]
    return tuple(dict.fromkeys(found))


def _instruments(used: Iterable[str], document: "StudyFile") -> dict[str, Any]:
    from escalon.instruments import catalogue
    from escalon.instruments.kit.visits import with_parts

    wholes = dict.fromkeys(name.partition(".")[0] for name in used if name not in document.fact)
    return {name: catalogue()[name] for name in with_parts(wholes)}


def _limited(tree: Node) -> tuple[Pick, ...]:
    return tuple(leaf for leaf in leaves(tree) if isinstance(leaf, Pick) and leaf.part is not Part.VALUE)
