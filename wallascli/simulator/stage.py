"""One answer on its way to the socket: how its frames become bytes, and how the body is delimited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wallascli.simulator import http
from wallascli.simulator.acts import Act, Close, Send, Wait
from wallascli.simulator.framing import Framer, Packer, encode, framer
from wallascli.simulator.shape import Shape, Told


@dataclass(slots=True)
class Stage:
    """What the pieces of one answer have in common. `headers` are those already sent."""

    shape: Shape
    told: Told
    frame: Framer
    headers: dict[str, str]
    chunked: bool
    packer: Packer | None = None

    def send(self, body: bytes, content: bool = False) -> Send:
        packed = self.packer.pack(body) if self.packer else body
        return Send(http.chunk(packed) if self.chunked else packed, content)

    def end(self) -> Iterator[Act]:
        """A clean end of the body."""
        rest = self.packer.end() if self.packer else b""
        if rest:
            yield Send(http.chunk(rest) if self.chunked else rest)
        if self.chunked:
            yield Send(http.LAST_CHUNK)
        elif "content-length" not in self.headers:
            yield Close(whole=True)


def head(told: Told, status: int, headers: dict[str, str]) -> Iterator[Act]:
    """Status line and headers, as oddly as the script wants them."""
    if told.says("goodbye"):
        headers = headers | {"connection": "close"}
    if told.says("badtype"):
        headers = headers | {"content-type": "text/plain; charset=utf-8" if told.question.stream else "text/html"}
    lines = http.head(status, headers)
    if not told.behaviour.slowhead:
        yield Send(lines)
        return
    for start in range(len(lines)):
        yield Send(lines[start : start + 1])
        yield Wait(told.behaviour.slowhead)


def whole(told: Told, status: int, headers: dict[str, str], body: bytes) -> Iterator[Act]:
    """An answer in one go, its length told."""
    yield from head(told, status, headers | {"content-length": str(len(body))})
    yield Send(body)


def type_of(shape: Shape, told: Told) -> str:
    """The content type of a good answer."""
    if shape.name == "gemini" and told.question.stream and not told.target.sse:
        return shape.whole_type
    return shape.stream_type if told.question.stream else shape.whole_type


def everything(shape: Shape, told: Told) -> bytes:
    """The whole body of a good answer, streamed or not."""
    if not told.question.stream:
        return encode(shape, shape.whole(told))
    frame = framer(shape, told)
    return b"".join(frame(piece) for piece in shape.stream(told))
