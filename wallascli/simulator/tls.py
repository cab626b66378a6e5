"""A certificate made on the spot, so that no private key ever lies in the project.

The standard library can use certificates but not make them, so the few structures of X.509 and the arithmetic of
the curve P-256 are written out here. Good for loopback and for nothing else: the arithmetic is not constant-time.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

# P-256, FIPS 186-4 D.1.2.3
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
Point = tuple[int, int] | None

ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
EC_PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
PRIME256V1 = bytes.fromhex("06082a8648ce3d030107")
COMMON_NAME = bytes.fromhex("0603550403")
ALTERNATIVE_NAME = bytes.fromhex("0603551d11")
BASIC_CONSTRAINTS = bytes.fromhex("0603551d13")
LOOPBACK = b"\x7f\x00\x00\x01"
KINDS = ("good", "expired", "othername")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A self-signed certificate for loopback, with its key; both as PEM."""

    certificate: str
    key: str

    def server_context(self) -> ssl.SSLContext:
        """What a server needs; the files that OpenSSL insists on are gone when this returns."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "both.pem"
            path.touch(mode=0o600)
            path.write_text(self.certificate + self.key, encoding="ascii")
            context.load_cert_chain(path)
        return context


def make(kind: str = "good") -> Certificate:
    """`good` for localhost and 127.0.0.1, `expired` a week ago, `othername` for another host."""
    number = secrets.randbelow(ORDER - 1) + 1
    public = _times(number, BASE)
    assert public is not None
    point = b"\x04" + public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big")
    body = _body(point, kind)
    signed = _sequence(body, _sequence(ECDSA_SHA256), _bits(_sign(number, body)))
    key = _sequence(
        _integer(1), _der(0x04, number.to_bytes(32, "big")), _der(0xA0, PRIME256V1), _der(0xA1, _bits(point))
    )
    return Certificate(_pem("CERTIFICATE", signed), _pem("EC PRIVATE KEY", key))


def _body(point: bytes, kind: str) -> bytes:
    now = datetime.now(UTC)
    begin, end = now - timedelta(days=30), now + timedelta(days=-7 if kind == "expired" else 365)
    name = _sequence(_der(0x31, _sequence(COMMON_NAME, _der(0x0C, b"simulator"))))
    names = b"elsewhere.invalid" if kind == "othername" else b"localhost"
    address = b"" if kind == "othername" else _der(0x87, LOOPBACK)
    extensions = _sequence(
        _sequence(ALTERNATIVE_NAME, _der(0x04, _sequence(_der(0x82, names), address))),
        _sequence(BASIC_CONSTRAINTS, _der(0x01, b"\xff"), _der(0x04, _sequence(_der(0x01, b"\xff")))),
    )
    return _sequence(
        _der(0xA0, _integer(2)),
        _integer(secrets.randbits(63) + 1),
        _sequence(ECDSA_SHA256),
        name,
        _sequence(_time(begin), _time(end)),
        name,
        _sequence(_sequence(EC_PUBLIC_KEY, PRIME256V1), _bits(point)),
        _der(0xA3, extensions),
    )


def _sign(number: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        once = secrets.randbelow(ORDER - 1) + 1
        point = _times(once, BASE)
        assert point is not None
        r = point[0] % ORDER
        s = pow(once, -1, ORDER) * (digest + r * number) % ORDER
        if r and s:
            return _sequence(_integer(r), _integer(s))


def _add(one: Point, two: Point) -> Point:
    if one is None or two is None:
        return two if one is None else one
    if one[0] == two[0] and (one[1] + two[1]) % P == 0:
        return None
    if one == two:
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, P)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, P)
    x = (slope * slope - one[0] - two[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(count: int, point: Point) -> Point:
    total: Point = None
    while count:
        if count & 1:
            total = _add(total, point)
        point = _add(point, point)
        count >>= 1
    return total


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _bits(content: bytes) -> bytes:
    return _der(0x03, b"\x00" + content)


def _time(moment: datetime) -> bytes:
    return _der(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def _pem(kind: str, content: bytes) -> str:
    text = base64.encodebytes(content).decode()
    return f"-----BEGIN {kind}-----\n{text}-----END {kind}-----\n"
