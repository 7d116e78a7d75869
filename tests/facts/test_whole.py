"""What is written is whole, or is not there: beside others that write the same, cut off half way, and over what stood there."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from escalon.facts.whole import alone_in, new_folder, whole_file, whole_folder


class CutOff(Exception):
    """Somebody pulled the plug."""


def cut_off(writing: AbstractContextManager[Path]) -> None:
    """Write half of a file, or of a folder with it, and stop."""
    with writing as written:
        (written / "table.csv" if written.is_dir() else written).write_text("half")
        raise CutOff


def names_in(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*"))


def test_a_file_that_was_cut_off_leaves_what_stood_there_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text("as it was")
    with pytest.raises(CutOff):
        cut_off(whole_file(file))
    assert (file.read_text(), names_in(tmp_path)) == ("as it was", ["table.csv"])


def test_a_file_takes_its_place_with_the_rights_of_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "table.csv"
    for content in ("first", "second"):
        with whole_file(file) as written:
            written.write_text(content)
        file.chmod(0o640)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("second", 0o640)


def test_a_file_that_must_be_new_is_never_put_over_another(tmp_path: Path) -> None:
    file = tmp_path / "book.escalon"
    with pytest.raises(FileExistsError), whole_file(file, new=True) as written:
        (written.write_text("ours"), file.write_text("theirs"))
    assert (file.read_text(), names_in(tmp_path)) == ("theirs", ["book.escalon"])


def test_what_is_no_plain_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    with whole_file(Path("/dev/null")) as written:
        written.write_text("gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("a")
    link.symlink_to(target)
    with whole_file(link) as written:
        written.write_text("b")
    assert (link.is_symlink(), target.read_text()) == (True, "b")
    with pytest.raises(IsADirectoryError, match="is a folder"), whole_file(tmp_path) as written:
        written.write_text("c")


def test_a_folder_is_there_with_everything_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with pytest.raises(CutOff):
        cut_off(new_folder(folder))
    assert names_in(tmp_path) == []
    for _ in range(2):
        with new_folder(folder) as made:  # over an empty folder
            made.mkdir()
    with new_folder(folder) as made:
        made.mkdir()
        (made / "a").write_text("a")
    with pytest.raises(FileExistsError, match="exists by now"), new_folder(folder) as made:
        made.mkdir()
    assert names_in(tmp_path) == ["out", "out/a"]


def test_a_folder_is_renewed_with_what_says_that_it_is_whole_last(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("mine.txt", "old.csv", "manifest.json", "table.csv"):
        (folder / name).write_text("as it was")
    with pytest.raises(CutOff):
        cut_off(whole_folder(folder, last="manifest.json"))
    assert {one.read_text() for one in folder.iterdir()} == {"as it was"}
    with whole_folder(folder, last="manifest.json", instead_of=["old.csv", "older.csv"]) as made:
        (made / "figures").mkdir()
        for name in ("manifest.json", "figures/one.svg", "table.csv"):
            (made / name).write_text("new")
    said = {name: (folder / name).read_text() for name in names_in(folder) if (folder / name).is_file()}
    assert said == {"mine.txt": "as it was", "manifest.json": "new", "figures/one.svg": "new", "table.csv": "new"}


def test_of_many_who_write_one_folder_at_once_one_is_read_whole(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    names = [f"{number}.csv" for number in range(40)]

    def write(who: str) -> None:
        for _ in range(5):
            with whole_folder(folder) as made:
                for name in names:
                    (made / name).write_text(who)

    writers = [threading.Thread(target=write, args=(who,)) for who in "abcdef"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    with alone_in(folder):
        assert len({(folder / name).read_text() for name in names}) == 1
    assert names_in(tmp_path) == ["out", *sorted(f"out/{name}" for name in names)]


def test_the_open_end_of_a_pipe_is_written_to(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    with whole_file(Path(f"/dev/fd/{writes}")) as written:
        written.write_text("piped")
    os.close(writes)
    with os.fdopen(reads) as read:
        assert read.read() == "piped"


def test_an_empty_folder_that_somebody_made_stays_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir(mode=0o700)
    before = folder.stat()
    with whole_folder(folder) as beside:
        (beside / "facts.csv").write_text("who")
    after = folder.stat()
    assert (after.st_ino, stat.S_IMODE(after.st_mode), names_in(folder)) == (before.st_ino, 0o700, ["facts.csv"])
