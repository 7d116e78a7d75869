"""A file that only its passphrase opens: scrypt for the key, AES-256-GCM for pieces that cannot be changed, moved or cut.

Layout: one line of JSON (how the key is derived), then pieces, each four bytes of length and that many bytes of AES-GCM.
The nonce counts the pieces; the associated data is the first line and whether this is the last piece (the STREAM
construction of Hoang et al. 2015, doi:10.1007/978-3-662-47989-6_24).
"""

from __future__ import annotations

import io
import json
import os
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from escalon.casebook.errors import StorageDamaged, WrongKey

FORMAT = "escalon-backup-1"
PIECE = 1 << 20
COST = {"n": 1 << 17, "r": 8, "p": 1}
"""scrypt's cost: the first of OWASP's recommended settings (Password Storage Cheat Sheet), 128 MiB."""


def _key(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())


class SealedWriter(io.RawIOBase):
    """Writes a sealed file; nothing readable ever reaches the disk."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(16)
        self.file = file
        self.cipher = AESGCM(_key(passphrase, salt, COST))
        self.header = json.dumps({"format": FORMAT, "salt": salt.hex(), **COST}).encode() + b"\n"
        self.waiting = bytearray()
        self.count = 0
        file.write(self.header)

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: object) -> int:
        """Seal the data, a piece at a time."""
        raw = bytes(data)  # type: ignore[call-overload]
        self.waiting += raw
        while len(self.waiting) > PIECE:
            self._piece(bytes(self.waiting[:PIECE]), last=False)
            del self.waiting[:PIECE]
        return len(raw)

    def close(self) -> None:
        """Seal what is left as the last piece."""
        if not self.closed:
            self._piece(bytes(self.waiting), last=True)
        super().close()

    def _piece(self, data: bytes, last: bool) -> None:
        sealed = self.cipher.encrypt(self.count.to_bytes(12, "big"), data, _about(self.header, last))
        self.file.write(len(sealed).to_bytes(4, "big") + sealed)
        self.count += 1


class SealedReader(io.RawIOBase):
    """Reads a sealed file, refusing a wrong passphrase and any change, however small."""

    def __init__(self, file: BinaryIO, passphrase: str, place: str) -> None:
        self.file, self.place = file, place
        self.header = file.readline(1000)
        self.cipher = AESGCM(self._derive(passphrase))
        self.ready = b""
        self.count = 0
        self.ended = False

    def _derive(self, passphrase: str) -> bytes:
        try:
            settings = json.loads(self.header)
            if settings.pop("format") != FORMAT:
                raise ValueError
            salt = bytes.fromhex(settings.pop("salt"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
            raise StorageDamaged(f"{self.place}: not a backup of Escalon") from wrong
        if settings != COST:
            raise StorageDamaged(f"{self.place}: its first line was changed")
        return _key(passphrase, salt, settings)

    def readable(self) -> bool:
        """It can be read from."""
        return True

    def readinto(self, buffer: object) -> int:
        """Open the next piece when the last one is used up."""
        if not self.ready and not self.ended:
            self._open_piece()
        view = memoryview(buffer)  # type: ignore[arg-type]
        taken = self.ready[: len(view)]
        view[: len(taken)] = taken
        self.ready = self.ready[len(taken) :]
        return len(taken)

    def _open_piece(self) -> None:
        length = int.from_bytes(self.file.read(4), "big")
        sealed = self.file.read(length) if 16 <= length <= PIECE + 16 else b""
        nonce = self.count.to_bytes(12, "big")
        for last in (False, True):
            try:
                self.ready = self.cipher.decrypt(nonce, sealed, _about(self.header, last))
            except InvalidTag:
                continue
            self.ended = last
            self.count += 1
            return
        if self.count:
            raise StorageDamaged(f"{self.place}: damaged or cut off after piece {self.count}")
        raise WrongKey(f"{self.place}: the passphrase is wrong, or the file is damaged from the start")


def _about(header: bytes, last: bool) -> bytes:
    return header + (b"last" if last else b"more")
