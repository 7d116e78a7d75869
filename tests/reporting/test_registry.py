"""registry.json has the shapes and the words of the registry's own description, and counts what the tables count."""

import re
from copy import copy

import pytest

from escalon.conduct.judge.cutoff import as_of, last_day
from escalon.facts import Day
from escalon.reporting.registry import registry
from tests.histories import Infusion, history
from tests.histories import event as recorded

MODULES = {
    "participantFlowModule": "ParticipantFlowModule", "baselineCharacteristicsModule": "BaselineCharacteristicsModule",
    "outcomeMeasuresModule": "OutcomeMeasuresModule", "adverseEventsModule": "AdverseEventsModule",
    "moreInfoModule": "MoreInfoModule",
}  # fmt: skip


@pytest.fixture(scope="module")
def made(study, trial):
    cutoff = last_day(trial.trial)
    return registry(study, as_of(trial.trial, cutoff), cutoff)["resultsSection"]


def problems(value, schema, schemas, path=""):
    """What does not fit a schema: unknown keys, other types, words that are no choice."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "allOf" in schema:
        return [one for part in schema["allOf"] for one in problems(value, part, schemas, path)]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found = [f"{path}.{key} is not in the description" for key in value if key not in known]
        return found + [
            one for k, v in value.items() if k in known for one in problems(v, known[k], schemas, f"{path}.{k}")
        ]
    if isinstance(value, list):
        if schema.get("type") != "array":
            return [f"{path} is no list"]
        return [one for n, v in enumerate(value) for one in problems(v, schema["items"], schemas, f"{path}[{n}]")]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{path}: {value!r} is not one of {schema['enum']}"]
    kinds = {"string": str, "integer": int, "boolean": bool}
    kind = kinds.get(schema.get("type", ""))
    return [] if kind is None or isinstance(value, kind) else [f"{path}: {value!r} is no {schema['type']}"]


def test_every_module_fits_the_registrys_own_description(made, shared):
    import yaml

    text = (shared / "data" / "ctgov" / "ctg-oas-v2.yaml").read_text(encoding="utf-8")
    schemas = yaml.safe_load(text)["components"]["schemas"]
    for name, schema in MODULES.items():
        assert problems(made[name], schemas[schema], schemas, name) == []
    wrong = problems({"groups": [{"id": 1, "titel": "x"}]}, schemas["ParticipantFlowModule"], schemas)
    assert wrong == [".groups[0].titel is not in the description", ".groups[0].id: 1 is no string"]


def walk(value, key):
    if isinstance(value, dict):
        for name, one in value.items():
            if name == key:
                yield one
            yield from walk(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from walk(one, key)


def test_every_group_that_is_referred_to_is_declared(made):
    for module in (one for name, one in made.items() if name != "moreInfoModule"):
        declared = {one["id"] for key in ("groups", "eventGroups") for some in walk(module, key) for one in some}
        assert set(walk(module, "groupId")) <= declared
        assert declared


def test_it_counts_what_the_trial_counts(study, trial, made):
    infused = len(trial.trial.infused())
    flow = {one["type"]: one["achievements"] for one in made["participantFlowModule"]["periods"][0]["milestones"]}
    total = {kind: sum(int(one["numSubjects"]) for one in some) for kind, some in flow.items()}
    assert total["STARTED"] == infused == total["COMPLETED"] + total["NOT COMPLETED"]
    denoms = made["baselineCharacteristicsModule"]["denoms"][0]["counts"]
    assert [int(one["value"]) for one in denoms][-1] == infused == sum(int(one["value"]) for one in denoms[:-1])
    titles = [one["title"] for one in made["outcomeMeasuresModule"]["outcomeMeasures"]]
    assert titles == [one.title for one in study.endpoints]
    for event in (*made["adverseEventsModule"]["seriousEvents"], *made["adverseEventsModule"]["otherEvents"]):
        assert all(one["numAffected"] <= min(one["numEvents"], one["numAtRisk"]) for one in event["stats"])


def test_numbers_are_text_the_registry_can_read(made):
    values = [
        one
        for key in ("value", "spread", "lowerLimit", "upperLimit")
        for one in walk(made["outcomeMeasuresModule"], key)
    ]
    assert values
    assert all(re.fullmatch(r"-?\d+(\.\d+)?|NA", one) for one in values), sorted(set(values))[:5]


def test_before_anybody_is_infused_there_are_words_and_no_numbers(study, trial):
    day = Day(2025, 2, 15)
    early = registry(study, as_of(trial.trial, day), day)["resultsSection"]
    assert early["participantFlowModule"]["groups"] == []
    assert {one["reportingStatus"] for one in early["outcomeMeasuresModule"]["outcomeMeasures"][1:]} == {"NOT_POSTED"}


def test_it_says_that_it_is_synthetic_and_of_which_day(made, trial):
    caveats = made["moreInfoModule"]["limitationsAndCaveats"]["description"]
    assert caveats == f"SYNTHETIC: nobody in it exists · data cut-off {last_day(trial.trial)}"


def test_what_is_posted_of_a_real_trial_does_not_call_itself_confidential(study, trial):
    """The file has its mark beside the modules: whoever posts them has nothing to take out."""
    cutoff = last_day(trial.trial)
    real = copy(as_of(trial.trial, cutoff))
    real.synthetic = False
    found = registry(study, real, cutoff)
    assert (found["mark"], found["cutoff"]) == ("CONFIDENTIAL", str(cutoff))
    assert found["resultsSection"]["moreInfoModule"]["limitationsAndCaveats"] == {
        "description": f"data cut-off {cutoff}"
    }
    assert "CONFIDENTIAL" not in str(found["resultsSection"])


def test_a_death_whose_day_nobody_recorded_is_a_death(study):
    infused, cutoff = Day(2025, 3, 3), Day(2025, 6, 1)
    fatal = recorded(participant="P01", term="Sepsis", grade=5, start=Day(2025, 3, 10))
    died = history(infusions=(Infusion("P01", 1, infused), Infusion("P02", 1, infused)), adverse_events=(fatal,))
    found = registry(study, died, cutoff)["resultsSection"]["adverseEventsModule"]["eventGroups"]
    assert found[-1]["deathsNumAffected"] == 1
