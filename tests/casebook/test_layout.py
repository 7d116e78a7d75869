"""Migrations: the layout the code expects is the newest one, and running them is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import NotACasebook, SchemaDiffers
from escalon.casebook.location import find_casebook, migrate_casebook, open_casebook
from escalon.casebook.migrate import LAYOUT, SCRIPTS


def test_the_layout_expected_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == LAYOUT


def test_the_first_layout_is_recorded(casebook: Casebook) -> None:
    [migrated] = casebook.entries(kinds=["SchemaMigrated"])
    assert migrated.event.revision == LAYOUT  # type: ignore[attr-defined]


def test_migrating_what_is_up_to_date_changes_and_records_nothing(sqlite_casebook: Casebook) -> None:
    before = sqlite_casebook.head.number
    assert migrate_casebook(Path(sqlite_casebook.place), None) == (LAYOUT, LAYOUT)
    assert sqlite_casebook.head.number == before


def test_a_database_of_another_version_is_refused_with_the_way_out(sqlite_casebook: Casebook) -> None:
    with sqlite_casebook.changing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'c000'"))
    sqlite_casebook.close()
    with pytest.raises(SchemaDiffers, match="Make a backup, then: escalon casebook migrate"):
        open_casebook(Path(sqlite_casebook.place))


def test_a_folder_that_is_no_casebook_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotACasebook, match="escalon casebook init"):
        open_casebook(tmp_path)
    (tmp_path / "casebook.toml").write_text("database = ")
    with pytest.raises(NotACasebook, match=r"casebook\.toml"):
        find_casebook(tmp_path)
    (tmp_path / "casebook.toml").write_text('database = "x.sqlite"\n')
    with pytest.raises(NotACasebook, match="identifiers missing"):
        find_casebook(tmp_path)


def test_what_the_database_derives_is_what_the_entry_says(casebook: Casebook) -> None:
    from tests.casebook.trial import Trial

    from escalon.casebook.tables import entries

    trial = Trial(casebook)
    trial.open_cohort(1, 1)
    trial.enter("P-1")
    trial.allocate("P-1", 1)
    with casebook.reading() as connection:
        rows = connection.execute(entries.select()).all()
    by_number = {entry.number: entry for entry in casebook.entries()}
    for row in rows:
        entry = by_number[row.number]
        assert (row.kind, row.participant) == (entry.kind, entry.participant)
        assert row.body == entry.body, "kept to the letter"
    assert [row.place for row in rows if row.place] == ["1/1"]
