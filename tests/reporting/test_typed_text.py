"""What people typed prints everywhere: a control character is named by its number and stops no printer."""

import pytest

from escalon.reporting.document import Cell, printable
from escalon.reporting.fonts import drawable


@pytest.mark.parametrize(
    ("typed", "printed"),
    [("\x1b[2J", "[U+001B][2J"), ("a\u202eb", "a[U+202E]b"), ("two\nlines", "two\nlines"), ("老 µL", "老 µL")],
)
def test_a_control_character_is_named_by_its_number(typed, printed):
    assert printable(typed) == Cell(typed).text == printed


@pytest.mark.parametrize(
    ("json", "drawn"),
    [('"a\\u001bb"', '"a[U+001B]b"'), ('"a\\\\u001bb"', '"a\\\\u001bb"'), ('"\\\\\\u0007"', '"\\\\[U+0007]"')],
)
def test_a_document_for_print_holds_none_as_json_writes_it(json, drawn):
    assert drawable(json) == drawn
