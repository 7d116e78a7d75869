"""From a study folder to a `Study`: read, validate, and check that everything it refers to is there."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

from pydantic import ValidationError

from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.folder import KeyPath, Sources, content_version, find_folder, in_order, read_folder, read_record
from escalon.protocol.laid_over import laid_over, without
from escalon.protocol.references import check_references
from escalon.protocol.shape import its_own, shape_problem
from escalon.protocol.study import Assumption, Place, Reading, Study
from escalon.protocol.tables import Table, table_in


def load_study(name_or_folder: str | Path, readings: Iterable[Reading] = ()) -> Study:
    """The study of a bundled name or of a folder. Raises StudyError, which lists every problem found.

    Alternatives that the folder's answers chose are in force, and `readings` beside them; the version then names those.
    """
    folder = find_folder(name_or_folder)
    document, sources = read_folder(folder)
    tables = _tables(document, sources)
    study = _checked(tables, document, sources)
    chosen = tuple(readings)
    answered = [(id, study.assumption(id).number_of(one.reading)) for id, one in study.signed.items()]
    for name, number in (*((id, number) for id, number in answered if number), *chosen):
        tables = _under(tables, study, name, number, sources)
    if not chosen and not any(number for _, number in answered):
        return study
    version = "+".join((study.version, *(f"{name}/{number}" for name, number in chosen)))
    return _checked(tables | {"(version)": version, "(readings)": chosen}, document, sources, whole=False)


def not_in_force(study: Study) -> Iterator[tuple[Assumption, int, str]]:
    """The alternatives that carry something and cannot be put in force: the assumption, the number, and why."""
    document, sources = read_folder(study.folder)
    tables = _tables(document, sources)
    for one in study.assumptions:
        for number in (number for number, other in enumerate(one.alternatives, start=1) if other.is_coded):
            try:
                under = _checked(_under(tables, study, one.id, number, sources), document, sources, whole=False)
                if new := sorted(set(under.awaited) - set(study.awaited)):
                    yield one, number, f"{new[0]} is neither a fact of this study nor an instrument"
            except StudyError as error:
                yield one, number, error.problems[0].what


def _checked(tables: dict[str, Any], document: dict[str, Any], sources: Sources, whole: bool = True) -> Study:
    try:
        study = Study.model_validate(tables)
    except ValidationError as error:
        found = [shape_problem(detail, document, sources) for detail in its_own(error.errors(include_url=False))]
        raise StudyError(in_order(found)) from None
    problems = _unreadable_rules(study, sources) or check_references(study, sources, whole)
    if problems:
        raise StudyError(in_order(problems))
    return study


def _tables(document: dict[str, Any], sources: Sources) -> dict[str, Any]:
    """The folder's tables as `Study` reads them, and what is known without reading them."""
    dose = document.get("dose", {})
    version = content_version(sources.folder, str(dose.get("rule", "")) if isinstance(dose, Mapping) else "")
    facts = {"id": sources.folder.resolve().name, "version": version, "folder": sources.folder}
    if not isinstance(document.get("study", {}), dict):
        raise StudyError([sources.problem(("study",), "`study` is a table. Write [study] and its keys below it")])
    found = _headed(document, (), sources)
    return found | {f"({key})": value for key, value in facts.items()} | {"(record)": read_record(sources.folder)}


def _headed(tables: Mapping[str, Any], path: KeyPath, sources: Sources) -> dict[str, Any]:
    """Tables with what `[study]` says as keys of their own, `study.title`."""
    marked: dict[str, Any] = _marked(
        {key: value for key, value in tables.items() if key != "study"}, Study, path, sources
    )
    head = tables.get("study", {}).items()
    return marked | {f"study.{key}": _marked(value, None, (*path, "study", key), sources) for key, value in head}


def _under(tables: dict[str, Any], study: Study, name: str, number: int, sources: Sources) -> dict[str, Any]:
    """The tables with an assumption's alternative in force. Raises StudyError."""
    place = [one.id for one in study.assumptions].index(name)
    path: KeyPath = ("assumption", place, "alternatives", number - 1)
    try:
        chosen = study.assumption(name).alternative(number)
        for what in chosen.without:
            tables = without(tables, what)
    except (ValueError, KeyError) as error:
        said = (
            str(error) if isinstance(error, ValueError) else f"without = {error}: this study has no such entry or key"
        )
        raise StudyError([sources.problem(path, said, name)]) from None
    found = laid_over(tables, _headed(_lists(chosen.instead), (*path, "instead"), sources))
    rules: dict[str, list[dict[str, str]]] = {"inclusion": [], "exclusion": []}
    for id, rule in chosen.rules.items():
        rules[study.criterion(id).kind].append({"id": id, "rule": rule})
    return laid_over(found, {kind: tuple(some) for kind, some in rules.items() if some})


def _lists(value: Any) -> Any:
    """Tables as TOML gives them, whose arrays are lists."""
    if isinstance(value, Mapping):
        return {key: _lists(one) for key, one in value.items()}
    return [_lists(one) for one in value] if isinstance(value, tuple) else value


def _marked(value: Any, kind: Any, path: KeyPath, sources: Sources) -> Any:
    """The document with lists made tuples and, in every table, where it stands and the name it was declared under."""
    model = table_in(kind)
    match value:
        case dict() if isinstance(kind, type) and issubclass(kind, Table):
            keys = kind.may_have()
            found = {key: _marked(one, keys.get(key), (*path, key), sources) for key, one in value.items()}
            found |= {"(place)": _place(path, sources)} if path else {}
            return found | ({"(name)": path[-1]} if path and "name" in kind.model_fields and "name" not in keys else {})
        case dict():
            inner = model if model is not None and _is_mapping(kind) else None
            if inner is None and model is not None:
                return _marked(value, model, path, sources)
            return {key: _marked(one, inner, (*path, key), sources) for key, one in value.items()}
        case list():
            return tuple(_marked(one, model, (*path, number), sources) for number, one in enumerate(value))
        case _:
            return value


def _is_mapping(kind: Any) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and hasattr(origin, "keys")


def _place(path: KeyPath, sources: Sources) -> Place:
    lines, within = sources.at(path)
    return Place(lines.file, lines.find(within).line)


def _unreadable_rules(study: Study, sources: Sources) -> list[Problem]:
    """The rules that are no sentence of the criteria language, each with the place in its text."""
    from escalon.criteria import CriterionError

    rules: list[tuple[KeyPath, Any, tuple[str, ...]]]
    rules = [(("inclusion", number), one, ("rule", "applies")) for number, one in enumerate(study.inclusion)]
    rules += [(("exclusion", number), one, ("rule", "applies")) for number, one in enumerate(study.exclusion)]
    rules += [(("watched", number), one, ("rule", "applies")) for number, one in enumerate(study.watched)]
    rules += [(("endpoint", number), one, ("among",)) for number, one in enumerate(study.endpoints)]
    found = []
    for path, one, keys in rules:
        for key in keys:
            try:
                getattr(one, _TREES[key])
            except CriterionError as error:
                place = (error.line, error.column, error.width)
                found.append(sources.problem_in_text((*path, key), *place, error.problem, one.id))
            except RecursionError:
                found.append(sources.problem((*path, key), "this rule is nested too deeply to be read", one.id))
    return found


_TREES = {"rule": "tree", "applies": "applies", "among": "tree"}
"""The attribute in which each rule of a folder stands as a tree."""
