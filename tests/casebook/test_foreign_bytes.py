"""Files that other libraries read for us, with a changed byte: an answer in words, and a witness signs with no other key."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.casebook.authority import make_authority
from tests.casebook.trial import Trial

from escalon.casebook.archive import make_archive
from escalon.casebook.casebook import Casebook
from escalon.casebook.errors import WrongKey
from escalon.casebook.keys import load_signer, make_keys
from escalon.casebook.time_stamp import roots_of
from escalon.casebook.witness import KEY, PUBLIC, anchors_of, observe

NOW = datetime(2026, 3, 3, tzinfo=UTC)


def each_byte_changed(path: Path, bits: tuple[int, ...] = (1, 32, 128), step: int = 1):
    """The file with one bit after another turned, in turn; put back at the end."""
    whole = path.read_bytes()
    for at in range(0, len(whole), step):
        for bit in bits:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            yield at
    path.write_bytes(whole)


def refusals(path: Path, read, **how) -> int:
    """How often a changed file is refused; whatever else is raised falls through."""
    found = 0
    for _ in each_byte_changed(path, **how):
        try:
            read()
        except WrongKey:
            found += 1
    return found


@pytest.mark.parametrize("passphrase", [None, "a long passphrase of a test"])
def test_a_signing_key_with_a_changed_byte_is_refused_in_words(tmp_path: Path, passphrase: str | None) -> None:
    make_keys(tmp_path / "keys", passphrase)
    how = {"bits": (1,), "step": 3} if passphrase else {}
    assert refusals(tmp_path / "keys/checkpoint.pem", lambda: load_signer(tmp_path / "keys", passphrase), **how)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_certificates_with_a_changed_byte_are_refused_in_words_or_read(tmp_path: Path) -> None:
    root = make_authority(tmp_path / "authority", "Test authority")
    assert refusals(root, lambda: roots_of(root)) > 100


@pytest.fixture
def archive(sqlite_casebook: Casebook, tmp_path: Path) -> Path:
    Trial(sqlite_casebook).consent("P-1")
    make_archive(sqlite_casebook, tmp_path / "archive")
    return tmp_path / "archive"


def test_a_witness_signs_with_the_key_it_is_known_by_alone(archive: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    observe(witness, archive, NOW)
    [kept] = witness.glob("*.jsonl")
    said = kept.read_bytes()
    key = witness / KEY
    whole = key.read_bytes()
    at = whole.index(b"\n") + 40  # among the bytes of the key itself
    key.write_bytes(whole[:at] + (b"A" if whole[at : at + 1] != b"A" else b"B") + whole[at + 1 :])
    with pytest.raises(WrongKey, match="so nothing is signed"):
        observe(witness, archive, NOW)
    assert kept.read_bytes() == said
    key.write_bytes(whole)
    observe(witness, archive, NOW)


def test_the_public_key_of_a_witness_with_a_changed_byte_is_another(archive: Path, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    observe(witness, archive, NOW)
    assert refusals(witness / PUBLIC, lambda: anchors_of(witness, archive)) > 100
    (witness / PUBLIC).write_bytes(b"")
    with pytest.raises(WrongKey, match="is not the witness's"):
        anchors_of(witness, archive)
