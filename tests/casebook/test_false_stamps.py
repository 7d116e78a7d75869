"""Time stamps that somebody would like to be believed: of another end, another authority, another time, or of nothing."""

from __future__ import annotations

import os
import random
import shutil
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.casebook.authority import certificate, make_authority, reply, standing
from tests.casebook.conftest import START
from tests.casebook.test_attacks import by_command, opened, original
from tests.casebook.test_entries import alt
from tests.casebook.trial import CARLA

from escalon.casebook.errors import CasebookError, StorageFailed
from escalon.casebook.time_stamp import Stamped, ask, roots_of, stamp, stamps_of, statement
from escalon.casebook.witness import observe

__all__ = ["original"]

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command: apt-get install openssl")


@pytest.fixture(autouse=True)
def another_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another computer"))


@pytest.fixture(scope="module")
def kept(original: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A casebook, a witness with one time stamp of it, and the authority's root."""
    place = tmp_path_factory.mktemp("stamped")
    book = Path(shutil.copytree(original, place / "book"))
    root = make_authority(place / "tsa", "Test authority")
    seen = observe(place / "witness", book, START)
    with standing(place / "tsa") as address:
        stamp(place / "witness", seen, address)
    return book, place / "witness", root


@pytest.fixture
def witness(kept: tuple[Path, Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept[1], tmp_path / "witness"))


def the_stamp(witness: Path) -> Path:
    [found] = witness.glob("*.tsr")
    return found


def read_by(book: Path, witness: Path, root: Path) -> list[Stamped]:
    return list(stamps_of(witness, book, roots_of(root)))


def test_the_stamp_itself_is_believed(kept: tuple[Path, Path, Path], witness: Path) -> None:
    [one] = read_by(kept[0], witness, kept[2])
    assert (one.wrong, one.by) == ("", "CN=Test authority")


def test_a_stamp_with_a_byte_changed_is_not_believed(kept: tuple[Path, Path, Path], witness: Path) -> None:
    """Of 120 copies with one byte changed, none says another time, entry or authority than the authority did."""
    [true] = read_by(kept[0], witness, kept[2])
    file = the_stamp(witness)
    whole, draw = file.read_bytes(), random.Random(27)
    changed = 0
    for at in draw.sample(range(len(whole)), 120):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << draw.randrange(8))]) + whole[at + 1 :])
        [one] = read_by(kept[0], witness, kept[2])
        changed += bool(one.wrong)
        assert one.wrong or (one.number, one.at, one.by) == (true.number, true.at, true.by), at
    assert changed > 100  # what may change unseen is the one of two like certificates that nobody reads


def test_a_stamp_that_names_its_authority_twice_is_not_believed(kept: tuple[Path, Path, Path], witness: Path) -> None:
    """Beside the certificate that was proved stands another of its number, with another name."""
    file = the_stamp(witness)
    whole = file.read_bytes()
    last = whole.rindex(b"Test authority\x30")
    file.write_bytes(whole[:last] + b"West authority" + whole[last + 14 :])
    [one] = read_by(kept[0], witness, kept[2])
    assert "two certificates of one number" in one.wrong


def test_a_stamp_whose_certificate_has_no_known_version_is_not_believed(
    kept: tuple[Path, Path, Path], witness: Path
) -> None:
    file = the_stamp(witness)
    whole = file.read_bytes()
    version = whole.rindex(b"\xa0\x03\x02\x01\x02") + 4
    file.write_bytes(whole[:version] + b"\x06" + whole[version + 1 :])
    [one] = read_by(kept[0], witness, kept[2])
    assert "X509 version" in one.wrong


@pytest.mark.parametrize("length", [0, 1, 9, 100, 400, -1])
def test_a_stamp_cut_off_is_not_believed(kept: tuple[Path, Path, Path], witness: Path, length: int) -> None:
    file = the_stamp(witness)
    file.write_bytes(file.read_bytes()[:length])
    [one] = read_by(kept[0], witness, kept[2])
    assert "does not say so" in one.wrong


def test_a_stamp_is_of_one_end_only(kept: tuple[Path, Path, Path], witness: Path) -> None:
    file = the_stamp(witness)
    number = int(file.stem.rpartition("-")[2])
    for other in (1, number - 1):
        shutil.copy(file, file.with_name(file.name.replace(f"-{number}.", f"-{other}.")))
    assert [bool(one.wrong) for one in read_by(kept[0], witness, kept[2])] == [True, True, False]


LYING = {
    "expired": {"own_days": (-30, -2)},
    "not valid yet": {"own_days": (2, 30)},
    "of an expired root": {"root_days": (-30, -2)},
    "for servers": {"stamps": ([ExtendedKeyUsageOID.SERVER_AUTH], True)},
    "for time stamps too, uncritically": {"stamps": ([ExtendedKeyUsageOID.TIME_STAMPING], False)},
}


@pytest.mark.parametrize("how", LYING)
def test_a_certificate_that_may_not_stamp_is_not_believed(
    kept: tuple[Path, Path, Path], witness: Path, tmp_path: Path, how: str
) -> None:
    more: dict[str, Any] = LYING[how]
    root = make_authority(tmp_path / "tsa", "Test authority", **more)
    the_stamp(witness).unlink()
    seen = observe(witness, kept[0], START)
    try:
        with standing(tmp_path / "tsa") as address:
            stamp(witness, seen, address)
    except StorageFailed:
        return  # the authority's own program would not stamp with it
    [one] = read_by(kept[0], witness, root)
    assert "does not say so" in one.wrong


@pytest.mark.parametrize("name", ["A ministry", "Zz ministry", "M", "A much longer name than any authority has"])
def test_a_certificate_put_beside_gives_the_stamp_no_other_name(
    kept: tuple[Path, Path, Path], witness: Path, tmp_path: Path, name: str
) -> None:
    """Certificates in a reply are not signed: one of another issuer, with the same number, would be named as the authority."""
    folder = tmp_path / "tsa"
    root = make_authority(folder, "Test authority")
    own = x509.load_pem_x509_certificate((folder / "tsa.pem").read_bytes())
    key, of = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    use = x509.BasicConstraints(ca=True, path_length=None)
    other = certificate(of, of, key.public_key(), key, use, True, serial=own.serial_number)
    (folder / "other.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    settings = folder / "settings"
    settings.write_text(settings.read_text().replace(f"certs = {folder}/tsa.pem", f"certs = {folder}/other.pem"))
    file = the_stamp(witness)
    seen = observe(witness, kept[0], START)
    file.unlink()
    answer = reply(folder, question(statement(seen.casebook, seen.number, seen.hash)))
    first, second = (one.public_bytes(serialization.Encoding.DER) for one in (own, other))
    in_order = b"".join(sorted((first, second)))
    assert first + second in answer
    (witness / f"{file.stem.rpartition('-')[0]}-{seen.number}.tsr").write_bytes(
        answer.replace(first + second, in_order)
    )
    [one] = read_by(kept[0], witness, root)
    assert (one.wrong, one.by) == ("", "CN=Test authority")


def question(said: bytes) -> bytes:
    """What an authority is asked about a text."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder().data(said).hash_algorithm(HashAlgorithm.SHA512)
    return builder.cert_request(cert_request=True).build().as_bytes()


ODD_NAMES = ["x", "", "1x", "-1", "1.5", "٣", "0x10", "1 ", "99999999999999999999999999"]


@pytest.mark.parametrize("number", ODD_NAMES)
def test_a_file_with_an_odd_number_stops_nobody(kept: tuple[Path, Path, Path], witness: Path, number: str) -> None:
    file = the_stamp(witness)
    shutil.copy(file, file.with_name(f"{file.name[:32]}-{number}.tsr"))
    said = by_command("verify", str(kept[0]), "--witness", str(witness), "--time-stamps", str(kept[2]))
    assert said.exit_code in (0, 1), said.output
    assert said.exception is None or isinstance(said.exception, SystemExit)


PLACES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
    "far too large": lambda path: (path.touch(), os.truncate(path, 1 << 33)),
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("what", ["stamp", "roots"])
@pytest.mark.parametrize("how", PLACES)
def test_what_is_no_plain_file_is_not_read(
    kept: tuple[Path, Path, Path], witness: Path, tmp_path: Path, how: str, what: str
) -> None:
    roots, file = kept[2], the_stamp(witness)
    if what == "roots":
        roots = file = tmp_path / "roots.pem"
    file.unlink(missing_ok=True)
    PLACES[how](file)
    with pytest.raises((CasebookError, OSError)):
        read_by(kept[0], witness, roots)


def test_roots_that_are_none_prove_nothing(kept: tuple[Path, Path, Path], witness: Path, tmp_path: Path) -> None:
    for content in (b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        (tmp_path / "roots.pem").write_bytes(content)
        said = by_command(
            "verify", str(kept[0]), "--witness", str(witness), "--time-stamps", str(tmp_path / "roots.pem")
        )
        assert (said.exit_code, "Whole" in said.output) == (2, False), content


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server of loopback that answers so, whatever it is asked."""

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Answer) as server:
        running = threading.Thread(target=server.serve_forever)
        running.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            running.join()


OK = b"HTTP/1.0 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n"
ANSWERS = {
    "nothing": b"",
    "noise": b"\x00\xff\xfe noise\r\n\r\n",
    "no status": b"HTTP/1.0 abc\r\n\r\n",
    "an empty reply": OK,
    "a page": OK + b"<html>sign in first</html>",
    "a reply far too long": OK + b"\x30" * 300_000,
    "a header without end": b"HTTP/1.0 200 OK\r\n" + b"X: " + b"y" * 100_000,
    "too many headers": b"HTTP/1.0 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    "forbidden": b"HTTP/1.0 403 Forbidden\r\n\r\n",
    "elsewhere, a file": b"HTTP/1.0 302 Found\r\nLocation: file:" + b"///etc/passwd\r\n\r\n",
    "less than it says": b"HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
}


@pytest.mark.parametrize("how", ANSWERS)
def test_an_authority_that_answers_oddly_gives_no_stamp(how: str) -> None:
    with answering(ANSWERS[how]) as address, pytest.raises(StorageFailed, match="gave no time stamp"):
        ask(address, b"x")


def test_a_reply_to_another_question_is_no_stamp(kept: tuple[Path, Path, Path], witness: Path, tmp_path: Path) -> None:
    """An answer kept from before is of another nonce; one of another text is of another imprint."""
    make_authority(tmp_path / "tsa", "Test authority")
    for said in (b"x", b"y"):
        old = reply(tmp_path / "tsa", question(said))
        with answering(OK + old) as address, pytest.raises(StorageFailed, match="gave no time stamp"):
            ask(address, b"x")
    casebook = opened(kept[0], read_only=False)
    casebook.append(CARLA, alt("1", "P-1"))
    casebook.close()
    assert not [one for one in read_by(kept[0], witness, kept[2]) if one.wrong], "a record that grew stood so then"
