"""HTTP/1.1 as a server reads and writes it: bytes in, requests out, no I/O.

Only what a stand-in needs: Content-Length and chunked bodies, `Expect: 100-continue`, keep-alive. Pipelined
requests are read one after the other because what is left over stays in the buffer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote, urlsplit

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 256 * 1024 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
TLS_HANDSHAKE = b"\x16\x03"

REASONS = {498: "Flex Capacity Exceeded", 529: "Site Overloaded"}


class NotHttp(ValueError):
    """What came in is no HTTP request; `status` is what an ordinary server would answer."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read; header names are in lower case, `path` is unquoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def keep_alive(self) -> bool:
        return self.headers.get("connection", "").lower() != "close"


class RequestReader:
    """Feed it bytes, ask it for requests. Remembers where it stopped, so that 50 MB cost one pass."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._head: Request | None = None
        self._body = bytearray()
        self._wants_continue = False

    def feed(self, data: bytes) -> None:
        """Take what the socket gave."""
        self._buffer += data

    def take_continue(self) -> bool:
        """True once per request that waits for `100 Continue` before it sends its body."""
        wanted, self._wants_continue = self._wants_continue, False
        return wanted

    def next(self) -> Request | None:
        """The next whole request, or None while bytes are missing. Raises NotHttp."""
        if self._head is None:
            self._head = self._read_head()
        if self._head is None:
            return None
        chunked = "chunked" in self._head.headers.get("transfer-encoding", "").lower()
        done = self._read_chunks() if chunked else self._read_length(self._head)
        if not done:
            return None
        head, body = self._head, bytes(self._body)
        self._head, self._body, self._wants_continue = None, bytearray(), False
        return Request(head.method, head.path, head.query, head.headers, body)

    def _read_head(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n", max(0, self._scanned - 3))
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned > HEAD_LIMIT:
                raise NotHttp(431, "request head too large")
            return None
        head = parse_head(bytes(self._buffer[:end]))
        del self._buffer[: end + 4]
        self._scanned = 0
        self._wants_continue = head.headers.get("expect", "").lower() == "100-continue"
        return head

    def _read_length(self, head: Request) -> bool:
        stated = head.headers.get("content-length", "0")
        if not stated.isdecimal():
            raise NotHttp(400, "content-length is no number")
        if int(stated) > BODY_LIMIT:
            raise NotHttp(413, "body too large")
        if len(self._buffer) < int(stated):
            return False
        self._body += self._buffer[: int(stated)]
        del self._buffer[: int(stated)]
        return True

    def _read_chunks(self) -> bool:
        while (end := self._buffer.find(b"\r\n")) >= 0:
            try:
                size = int(bytes(self._buffer[:end]).split(b";")[0], 16)
            except ValueError as error:
                raise NotHttp(400, "bad chunk size") from error
            if len(self._body) + size > BODY_LIMIT:
                raise NotHttp(413, "body too large")
            if len(self._buffer) < end + 2 + size + 2:
                return False
            self._body += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 2 + size + 2]
            if size == 0:
                return True
        return False


def parse_head(head: bytes) -> Request:
    """Request line and headers. Raises NotHttp."""
    line, *fields = head.decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise NotHttp(400, "no request line")
    headers: dict[str, str] = {}
    for field in fields:
        name, colon, value = field.partition(":")
        if not colon:
            raise NotHttp(400, "header without a colon")
        key = name.strip().lower()
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    target = urlsplit(parts[1])
    return Request(parts[0], unquote(target.path), dict(parse_qsl(target.query, True)), headers)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers."""
    try:
        reason = REASONS.get(status) or HTTPStatus(status).phrase
    except ValueError:
        reason = "Unknown"
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(body: bytes) -> bytes:
    """One chunk of the chunked transfer coding."""
    return b"%x\r\n%b\r\n" % (len(body), body)


def answer(status: int, body: bytes, content_type: str = "application/json") -> bytes:
    """A whole answer with its length."""
    return head(status, {"content-type": content_type, "content-length": str(len(body))}) + body
