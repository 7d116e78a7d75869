"""Time stamps after RFC 3161: an authority with a key and a clock of its own says that the record stood so at a moment.

A stamp is kept in a witness's folder and speaks of a casebook's name, an entry's number and its hash, whoever holds the
witness's key. What it proves rests on the authority's certificates, which are named when verifying, and on nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

from escalon.casebook.canonical import digest
from escalon.casebook.encoding import time_text
from escalon.casebook.errors import CasebookError, StorageFailed, WrongKey
from escalon.casebook.keys import write_new
from escalon.casebook.location import open_casebook
from escalon.casebook.proof import is_archive
from escalon.casebook.verify_alone import rows_of
from escalon.casebook.witness import Seen, names_of
from escalon.facts.plain_file import bytes_of

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LONGEST = 1 << 18
"""Bytes of a reply that are read; one with its certificates has a few thousand."""
PATIENCE = 30
"""Seconds an authority is waited for."""


@dataclass(frozen=True)
class Stamped:
    """What a time stamp says of an entry: when it stood so and who says it, or in `wrong` why it does not."""

    number: int
    at: datetime | None = None
    by: str = ""
    wrong: str = ""

    def __str__(self) -> str:
        return f"it stood so at {time_text(self.at)}, stamped by {self.by}" if self.at else self.wrong


def statement(casebook: str, number: int, hashed: str) -> bytes:
    """The text whose SHA-512 is stamped."""
    return f"escalon-time-stamp-2\n{casebook}\n{number}\n{hashed}".encode()


def stamp(folder: Path, seen: Seen, authority: str) -> Path:
    """Have what a witness saw stamped, and keep the reply beside its statements. Raises CasebookError."""
    path = folder / f"{digest(seen.casebook)[:32]}-{seen.number}.tsr"
    if not path.exists():
        write_new(path, ask(authority, statement(seen.casebook, seen.number, seen.hash)))
    return path


def ask(authority: str, said: bytes) -> bytes:
    """A reply of a time-stamping authority about a text, over HTTP (RFC 3161 section 3.4). Raises CasebookError."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

    if not authority.lower().startswith(("http://", "https://")):
        raise CasebookError(f"{authority}: write the address of the authority, https://…")
    asked = (
        TimestampRequestBuilder()
        .data(said)
        .hash_algorithm(HashAlgorithm.SHA512)
        .cert_request(cert_request=True)
        .build()
    )
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with urlopen(Request(authority, asked.as_bytes(), headers), timeout=PATIENCE) as answered:
            reply: bytes = answered.read(LONGEST)
        told = decode_timestamp_response(reply)
        is_ours = told.status == 0 and told.tst_info.nonce == asked.nonce
        if not is_ours or told.tst_info.message_imprint.message != asked.message_imprint.message:
            raise ValueError(f"it is of something else: {' '.join(told.status_string)}")
    except (URLError, HTTPException, OSError, ValueError) as wrong:
        says = f"{authority} gave no time stamp ({wrong}). What the witness signed is kept; try again"
        raise StorageFailed(says) from wrong
    return reply


def roots_of(file: Path) -> list[Certificate]:
    """The certificates of a file in PEM that an authority's own must lead to."""
    from ssl import PROTOCOL_TLS_CLIENT, SSLContext

    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import InvalidVersion, load_pem_x509_certificates

    try:
        roots = load_pem_x509_certificates(bytes_of(file))
        written = b"".join(one.public_bytes(Encoding.DER) for one in roots)
        # of a certificate that OpenSSL cannot read the client dies
        SSLContext(PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=written)
    except (OSError, ValueError, InvalidVersion) as wrong:
        raise WrongKey(f"{file}: no certificates in PEM here ({wrong})") from wrong
    return roots


def stamps_of(folder: Path, place: Path, roots: list[Certificate]) -> Iterator[Stamped]:
    """Each time stamp kept of a casebook or an archive, held against the record as it is now, in order."""
    name = names_of(place)[-1]
    numbered = ((path.stem.rpartition("-")[2], path) for path in folder.glob(f"{digest(name)[:32]}-*.tsr"))
    kept = {int(number): path for number, path in numbered if number.isdecimal()}
    hashes = _hashes(place, set(kept))
    for number in sorted(kept):
        if number in hashes:
            yield _read(bytes_of(kept[number], LONGEST), number, statement(name, number, hashes[number]), roots)
        else:
            yield Stamped(number, wrong="it is missing: a time stamp was given of it")


def _hashes(place: Path, wanted: set[int]) -> dict[int, str]:
    if is_archive(place):
        return {number: hashed for number, _, hashed, _ in rows_of(place) if number in wanted}
    casebook = open_casebook(place, read_only=True)
    try:
        last = casebook.head.number
        return {number: casebook.entry(number).hash for number in wanted if number <= last}
    finally:
        casebook.close()


def _read(reply: bytes, number: int, said: bytes, roots: list[Certificate]) -> Stamped:
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        told = decode_timestamp_response(reply)
        own = [load_der_x509_certificate(one) for one in told.signed_data.certificates]
        VerifierBuilder(roots=roots).build().verify_message(told, said)  # certificates in the reply are not trusted
    except (VerificationError, InvalidVersion, ValueError) as wrong:
        return Stamped(number, wrong=f"the time stamp kept of it does not say so ({wrong})")
    [signer] = told.signed_data.signer_infos
    signers = {one for one in own if (one.issuer, one.serial_number) == (signer.issuer, signer.serial_number)}
    if len(signers) > 1:  # one of them was proved, and nothing says which
        return Stamped(number, wrong="the time stamp kept of it carries two certificates of one number")
    names = [one.subject.rfc4514_string() for one in signers]
    return Stamped(number, told.tst_info.gen_time, "".join(names) or "the authority")
