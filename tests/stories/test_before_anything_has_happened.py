"""Nothing has happened yet is a state: every command and page answers an empty trial and the first days of one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.drawn import drawn
from tests.stories.test_what_limits_the_dose import HEADS, run

STUDY = "nct07052565"
CONSENT = "P01,informed_consent,2025-02-01,,2025-02-01,crf,,\nP01,disease,SLE,,2025-02-01,crf,,\n"
EARLY = {
    "nothing": {},
    "one consented": {"facts": CONSENT},
    "one infused": {"facts": CONSENT, "doses": "P01,1,2025-03-03,100000,,crf\n"},
}
STATES = [*EARLY, "nobody dosed"]
SAMPLES = "participant,analyte,date,value,unit,lloq\n"


def early(path: Path, state: str) -> str:
    folder = path / "data"
    folder.mkdir()
    if state == "nobody dosed":
        (folder / "facts.csv").write_bytes((drawn() / "facts.csv").read_bytes())
        (folder / "samples.csv").write_text(SAMPLES, encoding="utf-8")
        for name in ("doses", "adverse_events"):
            (folder / f"{name}.csv").write_text(HEADS[name], encoding="utf-8")
        return str(folder)
    for name, head in {**HEADS, "samples": SAMPLES}.items():
        (folder / f"{name}.csv").write_text(head + EARLY[state].get(name, ""), encoding="utf-8")
    return str(folder)


COMMANDS = {
    "screen": (["screen", STUDY, "DATA"], {0, 1}),
    "dose next": (["dose", "next", STUDY, "DATA"], {0, 1}),
    "dose next, JSON": (["dose", "next", STUDY, "DATA", "--json"], {0, 1}),
    "dose outlook": (["dose", "outlook", STUDY, "DATA", "--steps", "1"], {0}),
    "report": (["report", STUDY, "DATA", "-o", "DATA/out"], {0}),
    "explain": (["explain", "DATA", "all", "next_dose"], {0}),
    "data check": (["data", "check", STUDY, "DATA"], {0}),
    "export": (["export", "csv", STUDY, "DATA", "-o", "DATA/export"], {0}),
    "feasibility": (["feasibility", STUDY, "DATA"], {0, 1}),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
def test_every_command_answers(tmp_path: Path, state: str, command: str) -> None:
    words, codes = COMMANDS[command]
    said = run(
        *(word.replace("DATA", early(tmp_path, state) if word == "DATA" else str(tmp_path / "data")) for word in words)
    )
    assert said.exit_code in codes, (said.output, said.exception)
    assert not isinstance(said.exception, Exception), said.exception


@pytest.mark.parametrize("state", STATES)
def test_every_page_answers(tmp_path: Path, state: str) -> None:
    pytest.importorskip("httpx2")
    from fastapi.testclient import TestClient

    from escalon.web.app import create_app

    client = TestClient(create_app(STUDY, Path(early(tmp_path, state))), base_url="http://localhost")
    for path in ("/", "/study", "/screening", "/screening.json", "/next-dose.json", "/report"):
        assert client.get(path).status_code == 200, path


def test_nobody_infused_starts_at_the_first_level_and_one_infused_waits_for_the_sentinel(tmp_path: Path) -> None:
    for state, headline in (
        ("nothing", "level 1 is open for 3: dose 1 now, the others later"),
        ("one consented", "level 1 is open for 3: dose 1 now, the others later"),
        ("one infused", "dose nobody before 2025-03-17"),
    ):
        (tmp_path / state).mkdir()
        data = early(tmp_path / state, state)
        said = run("dose", "next", STUDY, data, "--cutoff", "2025-03-04", "--json")
        assert json.loads(said.stdout)["headline"] == headline
