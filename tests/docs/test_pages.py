"""What the pages say is true: links lead somewhere, examples run, claims are not made."""

import re
import subprocess
import tomllib

import pytest

from escalon.cli.main import COMMANDS
from escalon.protocol import load_study
from tests.docs.pages import ROOT, anchors, links, pages

LINKS = [(page, target) for page in pages() for target in links(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_within_the_project_lead_somewhere(page):
    lost = []
    for target in links(page.read_text(encoding="utf-8")):
        place, _, part = target.partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        file = (page.parent / place).resolve() if place else page
        if not file.exists() or (part and file.suffix == ".md" and part not in anchors(file)):
            lost.append(target)
    assert lost == []


def test_the_map_leads_to_every_page_of_docs():
    text = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    there = {file.relative_to(ROOT / "docs").as_posix() for file in (ROOT / "docs").rglob("*.md")} - {"index.md"}
    assert there - set(links(text)) == set()


def test_decision_pages_are_numbered_once_each():
    numbers = [file.name[:4] for file in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert len(set(numbers)) == len(numbers) > 10
    assert all(re.fullmatch(r"\d{4}", number) for number in numbers)


CLAIM = re.compile(r"\b(compliant|compliance|certified|certification|validated)\b", re.IGNORECASE)
DENIED = re.compile(r"\b(no|not|never|without|nothing|neither|asks|hospital)\b", re.IGNORECASE)


def test_no_page_claims_conformity():
    """A word of conformity may stand only where it is denied, or where a requirement or a publication is quoted."""
    claims = []
    for page in pages():
        if page.name == "requirements.md" or "spec" in page.relative_to(ROOT).parts:
            continue
        for paragraph in page.read_text(encoding="utf-8").split("\n\n"):
            if CLAIM.search(paragraph) and "escalon" in paragraph.lower() and not DENIED.search(paragraph):
                claims.append((page.name, paragraph))
    assert claims == []


def test_it_is_said_that_this_is_no_medical_device():
    assert "Not a medical device" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_counts_the_assumptions_of_the_first_study():
    said = re.search(r"rests on (\d+)\s*(?:>\s*)?assumptions", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert said
    assert int(said[1]) == len(load_study("nct07052565").assumptions)


def tracked() -> list[str]:
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("this is no git checkout")
    return found.stdout.splitlines()


# Written in pieces, so that this file does not hold what it looks for.
MACHINE = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + "home/[a-z]", "file:" + "//", "/" + "opt/")))
REGISTRY = re.compile(
    "|".join(("files." + "pythonhosted", "pypi" + r"\.org/simple", "index" + "-url =", "registry" + r"\.npmjs"))
)


def test_no_file_names_a_place_on_one_machine_or_a_package_registry():
    found = []
    for name in tracked():
        file = ROOT / name
        if file.suffix in (".png", ".parquet", ".sqlite") or not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {hit[0]}" for hit in (*MACHINE.finditer(text), *REGISTRY.finditer(text))]
    assert found == []


def test_pictures_are_small():
    assert all(file.stat().st_size < 300_000 for file in (ROOT / "docs" / "images").iterdir())


def test_the_readme_names_only_commands_that_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\bescalon ([a-z]+)\b(?=[ `\n])", text)) - set(COMMANDS) - {"a"} == set()


def test_make_help_lists_what_contributing_names():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`?make ([a-z]+)`?", (ROOT / page).read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page} names make {target}"


def test_the_version_is_in_the_changelog():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
