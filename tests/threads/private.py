"""A relay that speaks TLS with a certificate of an authority that nobody knows, before a server that does not."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .relay import Relay


class PrivateRelay(Relay):
    """``port`` speaks TLS on 127.0.0.1; ``authority`` is the file that a client needs to trust it."""

    def __init__(self, folder: Path, port: int, host: str = "127.0.0.1") -> None:
        self._there = (host, port)
        self.authority, chain = _certificates(folder)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(chain)
        super().__init__()

    def greet(self, here: socket.socket) -> None:
        try:
            near = self._context.wrap_socket(here, server_side=True)
        except OSError:  # a client that does not trust us
            here.close()
            return
        far = socket.create_connection(self._there)
        self._open += [near, far]
        for source, target in ((near, far), (far, near)):
            threading.Thread(target=_relay, args=(source, target), daemon=True).start()


def _relay(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Write an authority and, in one file, a key and a certificate for 127.0.0.1 that it signed."""
    now = datetime.datetime.now(datetime.UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("authority", "server")]

    def signed(which: int, *extensions: tuple[x509.ExtensionType, bool]) -> bytes:
        made = x509.CertificateBuilder().subject_name(names[which]).issuer_name(names[0])
        made = made.public_key(keys[which].public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        for extension, critical in extensions:
            made = made.add_extension(extension, critical)
        return made.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    key = keys[1].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority, chain = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(signed(0, (x509.BasicConstraints(True, None), True)))
    chain.write_bytes(key + signed(1, (here, False)))
    return authority, chain
