"""From a study folder to a `Study`: read, validate, and check that everything it refers to is there."""

from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError

from escalon.protocol.errors import Problem, StudyError
from escalon.protocol.folder import KeyPath, Sources, content_version, find_folder, in_order, read_folder, read_record
from escalon.protocol.references import check_references
from escalon.protocol.shape import shape_problem
from escalon.protocol.study import Place, Study
from escalon.protocol.tables import Table


def load_study(name_or_folder: str | Path) -> Study:
    """The study of a bundled name (`nct07052565`) or of a folder. Raises StudyError, which lists every problem found."""
    folder = find_folder(name_or_folder)
    document, sources = read_folder(folder)
    study = _validated(document, sources)
    problems = _unreadable_rules(study, sources) or check_references(study, sources)
    if problems:
        raise StudyError(in_order(problems))
    return study


def _validated(document: dict[str, Any], sources: Sources) -> Study:
    facts = {"id": sources.folder.resolve().name, "version": content_version(sources.folder), "folder": sources.folder}
    head, tables = document.get("study", {}), {key: value for key, value in document.items() if key != "study"}
    if not isinstance(head, dict):
        raise StudyError([sources.problem(("study",), "`study` is a table. Write [study] and its keys below it")])
    marked = _marked(tables, Study, (), sources)
    marked |= {f"study.{key}": _marked(value, None, ("study", key), sources) for key, value in head.items()}
    marked |= {f"({key})": value for key, value in facts.items()} | {"(record)": read_record(sources.folder)}
    try:
        return Study.model_validate(marked)
    except ValidationError as error:
        found = [shape_problem(detail, document, sources) for detail in error.errors(include_url=False)]
        raise StudyError(in_order(found)) from None


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


def table_in(annotation: Any) -> type[Table] | None:
    """The table class within `tuple[X, ...]`, `Mapping[str, X]`, `Annotated[X, …]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next((found for part in reversed(get_args(annotation)) if (found := table_in(part)) is not None), None)


def _place(path: KeyPath, sources: Sources) -> Place:
    lines, within = sources.at(path)
    return Place(lines.file, lines.find(within).line)


def _unreadable_rules(study: Study, sources: Sources) -> list[Problem]:
    """The rules that are no sentence of the criteria language, each with the place in its text."""
    from escalon.criteria import CriterionError

    rules: list[tuple[KeyPath, Any, tuple[str, ...]]]
    rules = [(("inclusion", number), one, ("rule", "applies")) for number, one in enumerate(study.inclusion)]
    rules += [(("exclusion", number), one, ("rule", "applies")) for number, one in enumerate(study.exclusion)]
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
