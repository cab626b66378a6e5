"""Frames as bytes: event streams, newline-delimited JSON, a JSON array, or the slices of one whole body."""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

from wallascli.simulator.js import compact
from wallascli.simulator.shape import Part, Piece, Shape, Told

Framer: TypeAlias = Callable[[Piece], bytes]


def newline_of(told: Told, shape: Shape) -> str:
    """How lines of the event stream end: as the provider does it, unless the script wants otherwise."""
    return "\r\n" if told.says("crlf") else "\r" if told.says("cr") else shape.newline


def framer(shape: Shape, told: Told) -> Framer:
    """How a piece of a stream becomes bytes."""
    if not shape.stream_type.startswith("text/event-stream"):
        return lambda piece: (piece.body + "\n").encode()
    if shape.name == "gemini" and not told.target.sse:
        return _array()
    newline = newline_of(told, shape)

    def event(piece: Piece) -> bytes:
        name = f"event: {piece.event}{newline}" if piece.event else ""
        return f"{name}data: {piece.body}{newline}{newline}".encode()

    return event


def encode(shape: Shape, content: object) -> bytes:
    """A whole body as the provider writes it."""
    return (json.dumps(content, indent=2, ensure_ascii=False) if shape.spaced else compact(content)).encode()


def _array() -> Framer:
    # Without alt=sse Gemini streams the items of one JSON array
    # [gemini/chat-stream-gemini-flash-latest-llm-gemini].
    leads = itertools.chain(["["], itertools.repeat(",\r\n"))
    return lambda piece: (next(leads) + piece.body + ("]" if piece.part is Part.CLOSE else "")).encode()


def comment(shape: Shape, told: Told) -> bytes:
    """What keeps a connection awake and means nothing."""
    if not told.question.stream:
        return b" "
    if not shape.stream_type.startswith("text/event-stream"):
        return b"\n"
    newline = newline_of(told, shape)
    said = "OPENROUTER PROCESSING" if told.target.provider == "openrouter" else "keep-alive"
    return f": {said}{newline}{newline}".encode()


def slices(body: bytes, count: int) -> Iterator[bytes]:
    """A body in so many nearly equal parts."""
    step = max(1, -(-len(body) // max(1, count)))
    for start in range(0, len(body), step):
        yield body[start : start + step]


class Packer:
    """gzip as servers stream it: each frame can be read as soon as it has arrived."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)

    def pack(self, body: bytes) -> bytes:
        return self._deflate.compress(body) + self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def end(self) -> bytes:
        return self._deflate.flush()


def packed(body: bytes) -> bytes:
    """A whole body, compressed; the same bytes for the same body."""
    return gzip.compress(body, mtime=0)
