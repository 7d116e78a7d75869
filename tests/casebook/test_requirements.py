"""The page of requirements: up to date, and every test it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools.docs_requirements import requirements_page

from escalon.conduct.permit.act import RULES

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    """To write it: python -m tests.casebook.test_requirements."""
    assert (ROOT / "docs" / "requirements.md").read_text() == requirements_page(ROOT / "docs")


def test_every_test_named_exists() -> None:
    for requirement in tomllib.loads((ROOT / "docs" / "requirements.toml").read_text())["requirement"]:
        assert requirement["tests"] or requirement["hospital"]
        for test in requirement["tests"]:
            file, _, name = test.partition("::")
            text = (ROOT / "tests" / "casebook" / file).read_text()
            assert re.search(rf"^(def {name}\(|{name} = )", text, re.MULTILINE), f"{test} does not exist"


def test_no_page_claims_compliance() -> None:
    for page in ("requirements.md", "casebook.md"):
        text = (ROOT / "docs" / page).read_text().lower()
        for claim in ("is compliant", "part 11 compliant", "is validated", "is certified", "fully complies"):
            assert claim not in text


def test_the_guide_lists_every_rule_of_sequence() -> None:
    text = " ".join((ROOT / "docs" / "casebook.md").read_text().split())
    for rule in RULES:
        assert " ".join(rule.says.split()) in text, rule.name


if __name__ == "__main__":
    (ROOT / "docs" / "requirements.md").write_text(requirements_page(ROOT / "docs"))
