"""The interface as OpenAPI states it, asked whatever a generator thinks of: refused in words, never an error of ours.

`ESCALON_API_CASES=5000 pytest tests/web/test_api.py` (`make api`) asks more.
"""

from __future__ import annotations

import os

import pytest

from tests.web.bench import client, served

pytest.importorskip("httpx2")
schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, given, settings  # noqa: E402

from escalon.casebook.clock import SetClock  # noqa: E402
from escalon.casebook.location import create_casebook  # noqa: E402
from escalon.history.events import KINDS  # noqa: E402
from tests.casebook.conftest import START  # noqa: E402

CASES = int(os.environ.get("ESCALON_API_CASES", "150"))


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "book"
    bench, trial = served(create_casebook(folder, study="trial", study_version="1", clock=SetClock(START)))
    trial.open_cohort(1, 1)
    trial.prepare("P-001", 1, 1)
    trial.infuse("P-001", 1)
    return bench


@pytest.fixture(scope="module")
def browsers(bench):
    return [client(bench, name) for name in ("ines", "ada", "stan")]


def operations(browser):
    """Every operation of the interface."""
    schema = schemathesis.openapi.from_dict(browser.get("/openapi.json").json())
    return [found.ok() for found in schema.get_all_operations()]


def asking(browser, statuses: list[int]):
    """A test of one case, asked by one browser."""

    def one(case):
        sent = case.as_transport_kwargs(base_url="http://localhost")
        kept = {name: sent[name] for name in ("params", "json", "data", "content") if sent.get(name) is not None}
        answer = browser.request(case.method, case.formatted_path, headers={"accept": "application/json"}, **kept)
        assert answer.status_code < 500, (case.method, case.formatted_path, kept, answer.text[:300])
        statuses.append(answer.status_code)

    return one


def test_nothing_that_is_asked_is_an_error_of_ours(browsers):
    statuses: list[int] = []
    every = operations(browsers[0])
    few = settings(
        max_examples=max(2, CASES // len(every)),
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    for place, operation in enumerate(every):
        few(given(case=operation.as_strategy())(asking(browsers[place % len(browsers)], statuses)))()
    assert len(statuses) >= len(every)
    assert {200, 404} <= set(statuses)


@pytest.mark.parametrize(
    "content",
    [{}, {"participant": 1}, {"participant": "P-001"}, {"x": [None]}, {"participant": "P-001", "on": "no day"}],
)
def test_every_act_with_less_than_it_needs_is_refused_in_the_envelope(browsers, content):
    for kind in (*KINDS, "PasswordReset", "nothing of the kind"):
        answer = browsers[0].post(f"/acts/{kind}", json={"content": content}, headers={"accept": "application/json"})
        assert answer.status_code < 500, (kind, answer.text)
        if answer.status_code != 201:
            assert {"code", "says", "field", "rule", "signatures", "entries"} <= answer.json().keys()


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"content": 3}', b"\xff", b"null", b'{"content": {"a": 1e999}}'])
def test_what_is_no_json_object_is_said_to_be_none(browsers, body):
    answer = browsers[0].post("/acts/FactRecorded", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (403, 422)
