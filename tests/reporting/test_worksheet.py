"""The infusion worksheet: every step on it, nothing assumed, the same bytes for the same sheet."""

import re
from fractions import Fraction

from escalon.facts import Finding
from escalon.instruments.product.dose import DoseAmount
from escalon.instruments.product.dose_window import DoseLevel
from escalon.instruments.product.identity import check_identity
from escalon.instruments.product.infusion import Bag, calculate
from escalon.reporting import html, typst
from escalon.reporting.infusion_worksheet import Heading, worksheet

LEVELS = [DoseLevel(n, DoseAmount.parse(f"{cells} cells/kg")) for n, cells in enumerate((100_000, 300_000, 600_000), 1)]
WEIGHT = Finding("dosing_weight", 55, unit="kg", components={"taken": "2025-03-10"})
HEADING = Heading("NCT07052565", "P01", "level 2", "2025-03-14", synthetic=True, version="0")
GIVEN = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5), volume=26, residual=Fraction(3, 2))


def sheet(bag, identity=None):
    return worksheet(HEADING, bag, calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2), identity)


def test_the_sheet_shows_every_step_and_leaves_the_second_persons_column_empty():
    page = html.page(sheet(GIVEN))
    for step in ("1.650 × 10⁷", "8.500 × 10⁵", "19.41 mL", "24.50 mL", "+26.21 %"):
        assert f'<td>{step}</td><td class="by_hand"></td>' in page
    assert "outside ± 20 %" in page
    assert "SYNTHETIC: nobody in it exists" in page


def test_the_page_needs_nothing_from_elsewhere():
    page = html.page(sheet(GIVEN))
    assert not re.search(r"(?:src|href)\s*=|url\((?!data:)|@import", page)


def test_a_wrong_product_stops_everything_on_top_of_the_sheet():
    wrong = check_identity({"product": "E01-7"}, {"product": "E01-8"}, ["product"])
    found = sheet(GIVEN, wrong)
    assert "STOP: product and participant do not match. Do not infuse." in [
        getattr(one, "text", "") for one in found.blocks()
    ]
    assert html.page(found).index("STOP") < html.page(found).index("Entries")


def test_what_differs_on_a_label_is_printed_letter_for_letter():
    wrong = check_identity({"product_number": "LOT_12"}, {"product_number": "LOT 12"}, ["product_number"])
    said = [getattr(one, "text", "") for one in sheet(GIVEN, wrong).blocks()]
    assert "product number: participant 'LOT_12', label 'LOT 12'" in said


def test_a_reason_is_said_once_and_in_words():
    page = html.page(sheet(Bag(2_500_000, Fraction(85, 100), None, volume=26)))
    assert (page.count("car fraction is not known"), "car_fraction" in re.sub(r"<[^>]*>", "", page)) == (1, False)


def test_what_is_not_known_stands_there_as_not_known():
    page = html.page(sheet(Bag(2_500_000, None, Fraction(2, 5), volume=26)))
    assert "The dose given is not known." in page
    assert "viability is not known" in page


def test_text_cannot_become_markup():
    wild = Heading("<script>x</script> #strong[x] $y$", "P*01_`", "level 2")
    bag = Bag(2_500_000, Fraction(85, 100), Fraction(2, 5))
    found = worksheet(wild, bag, calculate(bag, WEIGHT, LEVELS[1], LEVELS, 0.2))
    assert "<script>x" not in html.page(found)
    assert typst.pdf(found).startswith(b"%PDF")


def test_the_same_sheet_is_the_same_pdf():
    assert typst.pdf(sheet(GIVEN)) == typst.pdf(sheet(GIVEN))


def test_each_release_attribute_is_on_the_sheet_with_its_verdict_and_who_approved_is_not_one():
    judged = {"viability": "within", "endotoxin": "oos", "vector_copies": "not tested", "approved_by": "Dr A"}
    release = Finding("release", False, components=judged)
    page = html.page(worksheet(HEADING, GIVEN, calculate(GIVEN, WEIGHT, LEVELS[1], LEVELS, 0.2), None, release=release))
    for name, verdict in (
        ("viability", "within"),
        ("endotoxin", "OUT OF SPECIFICATION"),
        ("vector copies", "not tested"),
    ):
        [row] = [line for line in page.splitlines() if f">{name}<" in line]
        assert verdict in row
    assert "approved by" not in page
