"""The study under another reading of its record: an assumption's alternative put in force."""

from collections.abc import Iterable, Mapping

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


def with_readings(study: Study, chosen: Iterable[str]) -> Study:
    """The study under alternatives as a command line names them: `Q-SS-TP=or`, `Q-SLE-2=2`. Raises ValueError."""
    for text in chosen:
        name, _, choice = text.partition("=")
        try:
            study = under(study, name.strip(), _number(study, name.strip(), choice.strip()))
        except KeyError as error:
            raise ValueError(str(error.args[0])) from None
    return study


def _number(study: Study, name: str, choice: str) -> int:
    """Which alternative is meant: by its number, its name, or because only one carries rules."""
    coded = {number: one for number, one in enumerate(study.assumption(name).alternatives, start=1) if one.rules}
    if choice.isdigit():
        return int(choice)
    fitting = [number for number, one in coded.items() if choice in ("", one.name)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{name}={one.name or number}: {one.says}" for number, one in coded.items())
    raise ValueError(
        f"{name}={choice} chooses none. {f'Write {listed}' if coded else 'No alternative of it carries rules'}"
    )
