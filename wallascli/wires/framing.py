"""Cutting a byte stream into frames: server-sent events and newline-delimited JSON.

Frames keep their terminator, so that joining them gives the stream back byte for byte. Only CR, LF and
CRLF end a line: U+2028 and its kin may stand inside JSON, which is why nothing here is decoded to text.
"""

from __future__ import annotations

import re
from enum import Enum

# Atomic groups (Python 3.11): a CRLF must never be split into two line ends by backtracking.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_LONGEST_BLANK_LINE = 4


class Framing(Enum):
    """How a wire cuts its stream."""

    SSE = "text/event-stream"
    NDJSON = "application/x-ndjson"

    def framer(self) -> Framer:
        return Framer(self)


class Framer:
    """Turns network reads into whole frames. Linear in the bytes fed, however they are cut."""

    __slots__ = ("_buffer", "_scanned", "_sse")

    def __init__(self, framing: Framing) -> None:
        self._sse = framing is Framing.SSE
        self._buffer = bytearray()
        self._scanned = 0

    def feed(self, read: bytes) -> list[bytes]:
        """Return the frames that ``read`` completes, terminators included."""
        if not self._buffer and b"\r" not in read:
            return self._split(read)
        self._buffer += read
        return self._scan()

    def rest(self) -> bytes:
        """What stands after the last whole frame; the end of the body makes it a frame of its own."""
        return bytes(self._buffer)

    @property
    def pending(self) -> int:
        """Bytes held back."""
        return len(self._buffer)

    def _split(self, read: bytes) -> list[bytes]:
        """The common case: nothing held back, LF only."""
        end = b"\n\n" if self._sse else b"\n"
        pieces = read.split(end)
        if tail := pieces.pop():
            self._buffer += tail
            self._scanned = max(0, len(tail) - _LONGEST_BLANK_LINE)
        return [piece + end for piece in pieces]

    def _scan(self) -> list[bytes]:
        buffer, start, frames = self._buffer, 0, []
        pattern = _BLANK_LINE if self._sse else _LINE_END
        position = self._scanned
        while match := pattern.search(buffer, position):
            frames.append(bytes(buffer[start : match.end()]))
            start = position = match.end()
        del buffer[:start]
        # A terminator may be cut in its middle, so the next search starts a little before the end.
        self._scanned = max(0, len(buffer) - _LONGEST_BLANK_LINE)
        return frames


def sse_data(frame: bytes) -> bytes | None:
    """The joined ``data`` lines of one event, or ``None`` if it has none (a comment, a lone event name)."""
    if frame.startswith(b"data: ") and frame.find(b"\n", 6) + 2 >= len(frame) > 7 and b"\r" not in frame:
        return frame[6:].rstrip(b"\n")
    return sse_fields(frame)[1]


def sse_fields(frame: bytes) -> tuple[str, bytes | None]:
    """The event name (empty if none) and the joined data of one event."""
    event, data = "", []
    for line in _LINE_END.split(frame):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
    return event, b"\n".join(data) if data else None
