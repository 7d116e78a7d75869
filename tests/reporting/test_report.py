"""The report: same input, same bytes; everything it must show is there; nothing is fetched from elsewhere."""

import re

import pytest

from escalon.conduct.judge.cutoff import last_day
from escalon.facts import Day
from escalon.reporting.trial import trial_report
from escalon.sources.folder import take_in


@pytest.fixture(scope="module")
def page(study, trial):
    return trial_report(study, trial, last_day(trial.trial))


def test_the_same_input_gives_the_same_bytes(study, trial_folder, trial, page):
    again = take_in(study, trial_folder)
    assert trial_report(study, again, last_day(again.trial)) == page


def test_it_is_self_contained(page):
    outside = re.findall(r'(?:src|href)\s*=\s*"(?!#)([^"]+)"', page)
    assert outside == []
    assert "<script" not in page


@pytest.mark.parametrize(
    "what",
    ["Synthetic data", "Participant flow", "Eligibility", "Dose escalation", "Next:", "Adverse events", "DAS28-ESR",
     "SLEDAI-2K", "Assumptions in force", "SHA-256", "data cut-off", "Not a medical device", "rows read ="],
)  # fmt: skip
def test_it_shows(page, what):
    assert what in page


def test_an_earlier_cutoff_shows_fewer_infused(study, trial):
    early = trial_report(study, trial, Day(2025, 6, 10))
    assert "6 of at most 18" in early
    assert "dose nobody before" in early


def test_rows_kept_out_are_listed(study, trial_folder, tmp_path):
    for file in trial_folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "facts.csv").read_text(encoding="utf-8")
    (tmp_path / "facts.csv").write_text(text.replace("P01,alt,", "P01,altt,", 1), encoding="utf-8")
    broken = take_in(study, tmp_path)
    page = trial_report(study, broken, last_day(broken.trial))
    assert "Rows kept out of this report" in page
    assert "altt" in page
