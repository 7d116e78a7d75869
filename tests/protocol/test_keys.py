"""Every key that a folder may hold is explained with an example that can be written, and errors show that example."""

import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError, create_model
from tools.docs_study_keys import study_keys_page

from escalon.protocol.keys import about, tables
from escalon.protocol.study import Study
from escalon.protocol.tables import Table, table_in
from tests.protocol.folders import changed, refusal

KEYS = [("study", key.partition(".")[2], key, Study) for key in Study.may_have() if key.startswith("study.")] + [
    (name, key, key, model) for name, model in tables() for key in model.may_have()
]


@pytest.mark.parametrize(("table", "key", "alias", "model"), KEYS, ids=lambda one: str(one)[:20])
def test_every_key_has_an_example_that_is_accepted(table, key, alias, model) -> None:
    known = about(table, key)
    assert known is not None, f"keys.toml says nothing of {key} in [{table}]"
    assert known.meaning
    field = next(one for name, one in model.model_fields.items() if (one.alias or name) == alias)
    if table_in(field.annotation) is not None and known.example.startswith("[["):
        return
    value = tomllib.loads(f"x = {known.example}")["x"]
    kind = field.annotation if not field.metadata else _annotated(field)
    if table_in(field.annotation) is None:
        create_model("One", __base__=Table, x=(kind, ...)).model_validate({"x": _tuples(value)})
    with pytest.raises(ValidationError):
        model.model_validate({alias: object()})


def _annotated(field):
    from typing import Annotated

    return Annotated[(field.annotation, *field.metadata)]


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def test_the_page_has_every_key_once_in_its_table() -> None:
    page = study_keys_page()
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(KEYS)
    assert "## `[[dlt.event]]`" in page
    assert "## `[fact.NAME]`" in page


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tolerance ", "tolerence ", "Did you mean `tolerance`?"),
        ("tolerance          =", "# tolerance =", '`tolerance` is missing. Write tolerance = "20 %"'),
        ("dlt_window         =", "# dlt_window =", '`dlt_window` is missing. Write dlt_window = "28 days"'),
        ('product            = "CD19 cells"', "product = 19",
         '`product` is 19. Write a text, in quotes: product = "example cells"'),
        ("title  =", "titel  =", "`titel` is not known. Did you mean `title`?"),
        ('consent  = "enrolled"', "consent = 1", 'Write a text, in quotes: consent = "informed_consent"'),
    ],
)  # fmt: skip
def test_an_error_says_what_to_write(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in str(refusal(changed(tmp_path, "study.toml", old, new)))
