"""The casebook's two keys, kept outside the database: one signs checkpoints, one seals what must stay unread."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InternalError, InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from escalon.casebook.errors import WrongKey

SIGNING_KEY = "checkpoint.pem"
SEALING_KEY = "sealing.key"
WRAPPED = "sealing key"
NONCE = 12
"""Bytes of nonce for AES-GCM (NIST SP 800-38D, section 5.2.1.1 recommends 96 bits)."""


@dataclass(frozen=True)
class Signer:
    """Signs checkpoints with Ed25519 (RFC 8032, doi:10.17487/RFC8032)."""

    private: Ed25519PrivateKey

    @cached_property
    def public_key(self) -> str:
        """The public key in hexadecimal, as the casebook's first entry and its reports print it."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    @cached_property
    def _seed(self) -> bytes:
        return self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    @property
    def wrapping_key(self) -> bytes:
        """A key only the holder of this one has, to keep the sealing key under."""
        return hmac.digest(self._seed, b"escalon-wrapping-key", "sha256")

    def sign(self, text: str) -> str:
        """The signature of a text, in hexadecimal."""
        return self.private.sign(text.encode()).hex()

    def mark(self, text: str) -> str:
        """A mark that only the holder of this key can make or check: for what a database alone must not be able to say."""
        return hmac.digest(self._seed, b"escalon-mark\n" + text.encode(), "sha256").hex()


def is_signed(public_key: str, signature: str, text: str) -> bool:
    """Whether this signature of this text was made with the private half of this key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Seal:
    """Seals short texts with AES-256-GCM; `about` ties each to its place, so that two cannot be exchanged."""

    key: bytes

    @property
    def fingerprint(self) -> str:
        """Enough of the key's hash to tell two keys apart, and no more."""
        return sha256(b"escalon-sealing-key\n" + self.key).hexdigest()[:16]

    def close(self, text: str, about: str) -> str:
        """The sealed text, in hexadecimal."""
        nonce = os.urandom(NONCE)
        return (nonce + AESGCM(self.key).encrypt(nonce, text.encode(), about.encode())).hex()

    def open(self, sealed: str, about: str) -> str:
        """The text that was sealed; a wrong key, place or changed byte is refused."""
        try:
            raw = bytes.fromhex(sealed)
            return AESGCM(self.key).decrypt(raw[:NONCE], raw[NONCE:], about.encode()).decode()
        except (InvalidTag, ValueError) as wrong:
            raise WrongKey(
                f"the sealing key {self.fingerprint} does not open {about}: it is another casebook's key, or the "
                "sealed text was changed"
            ) from wrong


def make_keys(folder: Path, passphrase: str | None = None) -> tuple[Signer, Seal]:
    """New keys in a folder that only this account can read; a passphrase encrypts both."""
    signer, seal = make_signer(), Seal(AESGCM.generate_key(256))
    keep_keys(folder, private_pem(signer, passphrase), sealing_text(seal, signer if passphrase else None))
    return signer, seal


def make_signer() -> Signer:
    """A new signing key, not yet written down."""
    return Signer(Ed25519PrivateKey.generate())


def keep_keys(folder: Path, signing: str | None, sealing: str) -> None:
    """Write the files of the keys down as they are; an existing one is never overwritten."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if signing:
        write_new(folder / SIGNING_KEY, signing)
    write_new(folder / SEALING_KEY, sealing)


def key_passphrase() -> str | None:
    """The passphrase of the keys, from ESCALON_KEY_PASSPHRASE; an empty one is refused, for it would protect nothing."""
    given = os.environ.get("ESCALON_KEY_PASSPHRASE")
    if given is not None and not given.strip():
        raise WrongKey("ESCALON_KEY_PASSPHRASE is empty; set it to the passphrase, or unset it")
    return given


def private_pem(signer: Signer, passphrase: str | None = None) -> str:
    """The signing key as PKCS #8."""
    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked).decode()


def sealing_text(seal: Seal, under: Signer | None) -> str:
    """The sealing key as it is written down: plainly, or under the signing key where that is under a passphrase."""
    if under is None:
        return f"{seal.key.hex()}\n"
    return f"under {SIGNING_KEY}: {Seal(under.wrapping_key).close(seal.key.hex(), WRAPPED)}\n"


def load_signer(folder: Path, passphrase: str | None = None) -> Signer | None:
    """The signing key of a casebook, or None where this computer does not hold it."""
    path = folder / SIGNING_KEY
    return read_signer(path.read_bytes(), str(path), passphrase) if path.is_file() else None


def read_signer(pem: bytes, place: str, passphrase: str | None = None) -> Signer:
    """The signing key a PEM text holds."""
    try:
        key = load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError) as wrong:
        raise WrongKey(
            f"{place}: the signing key does not open. Set ESCALON_KEY_PASSPHRASE to its passphrase, if it has one"
        ) from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKey(f"{place}: not an Ed25519 key")
    return Signer(key)


def load_seal(folder: Path, passphrase: str | None = None) -> Seal | None:
    """The sealing key of a casebook, or None where this computer does not hold it."""
    path = folder / SEALING_KEY
    if not path.is_file():
        return None
    written = path.read_text(encoding="ascii", errors="replace").strip()
    if written.startswith("under "):
        signer = load_signer(folder, passphrase)
        if signer is None:
            raise WrongKey(f"{path}: it is kept under {SIGNING_KEY}, which is not on this computer")
        written = Seal(signer.wrapping_key).open(written.split()[-1], WRAPPED)
    try:
        key = bytes.fromhex(written)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise WrongKey(f"{path}: not a sealing key (64 hexadecimal digits)")
    return Seal(key)


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file that only this account can read, and see it on the disk; one that exists is not touched."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content.encode("ascii") if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
