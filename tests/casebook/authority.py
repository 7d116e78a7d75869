"""A time-stamping authority on loopback for the tests: certificates made here, replies by the `openssl` command."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SETTINGS = """
[tsa]
default_tsa = this
[this]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/tsa.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


class NoOpenssl(Exception):
    """There is no `openssl` command to answer with."""


def make_authority(
    folder: Path,
    name: str,
    *,
    stamps: Any = ([ExtendedKeyUsageOID.TIME_STAMPING], True),
    own_days: tuple[int, int] = (-1, 30),
    root_days: tuple[int, int] = (-1, 30),
) -> Path:
    """Certificates of an authority and its root; returns the root's file.

    `stamps` is what the authority's own may be used for, and whether that is critical; `own_days` and `root_days` are
    the days from now between which they hold.
    """
    folder.mkdir(parents=True)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_ca = (x509.BasicConstraints(ca=True, path_length=None), True)
    use = (x509.ExtendedKeyUsage(stamps[0]), stamps[1])
    root = certificate(root_name, root_name, root_key.public_key(), root_key, *is_ca, root_days)
    own = certificate(own_name, root_name, key.public_key(), root_key, *use, own_days)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tsa.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    (folder / "settings").write_text(SETTINGS.format(folder=folder))
    (folder / "serial").write_text("01\n")
    return folder / "root.pem"


def certificate(
    of: x509.Name,
    by: x509.Name,
    key: Any,
    signer: Any,
    extension: Any,
    critical: bool,
    days: tuple[int, int] = (-1, 30),
    serial: int | None = None,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(of)
        .issuer_name(by)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(extension, critical)
        .sign(signer, hashes.SHA256())
    )


def reply(folder: Path, query: bytes) -> bytes:
    """What the authority answers."""
    command = shutil.which("openssl")
    if command is None:
        raise NoOpenssl("no openssl command")
    (folder / "query").write_bytes(query)
    words = [command, "ts", "-reply", "-config", str(folder / "settings"), "-queryfile", str(folder / "query")]
    subprocess.run([*words, "-out", str(folder / "reply")], check=True, capture_output=True)
    return (folder / "reply").read_bytes()


@contextmanager
def standing(folder: Path) -> Iterator[str]:
    """The authority at an address of loopback."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = reply(folder, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *said: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        running = threading.Thread(target=server.serve_forever)
        running.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            running.join()
