"""The study under another reading of its record: an assumption's alternative put in force."""

from collections.abc import Mapping

from escalon.protocol.study import Criterion, Study


def under(study: Study, assumption: str, number: int = 1) -> Study:
    """The study with the rules of an assumption's alternative (numbered from 1). Raises KeyError or ValueError.

    The version says which reading is in force, so that a result under it is never taken for one of the study as signed.
    """
    found = study.assumption(assumption)
    if not 1 <= number <= len(found.alternatives):
        raise ValueError(f"{assumption} has alternatives 1 to {len(found.alternatives)}, not {number}")
    rules = found.alternatives[number - 1].rules
    if not rules:
        raise ValueError(f"alternative {number} of {assumption} is words only: it carries no rules to put in force")
    changed = {
        "inclusion": tuple(_read(one, rules) for one in study.inclusion),
        "exclusion": tuple(_read(one, rules) for one in study.exclusion),
        "version": f"{study.version}+{assumption}/{number}",
    }
    return study.model_copy(update=changed)


def _read(criterion: Criterion, rules: Mapping[str, str]) -> Criterion:
    return criterion.model_copy(update={"rule": rules[criterion.id]}) if criterion.id in rules else criterion
