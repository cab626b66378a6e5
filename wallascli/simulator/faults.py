"""The answer as acts of the socket, with everything that can go wrong on the way.

`play` is pure: it decides each byte, pause and break before the first is performed. A fault stands in one of the
tables below; adding one is adding a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from wallascli.simulator import http
from wallascli.simulator.acts import Act, Close, Hold, Reset, Send, Wait
from wallascli.simulator.framing import Framer, Packer, comment, encode, framer, packed, slices
from wallascli.simulator.script import Behaviour
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told

GARBAGE = b"\x00\x01\xfe\xff SSH-2.0-OpenSSH_9.2\r\n\x13\x37 this is not HTTP\r\n\r\n"
NOT_JSON = b"upstream connect error or disconnect/reset before headers. \xf0\x9f\x92\xa5 {{{"
PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Sign in to the network</body></html>"
BAD_CHUNK = b"zz\r\nnot a chunk size\r\n"
NO_UTF8 = b"\xc3\x28\xff"

# No HTTP answer at all.
OPENINGS: dict[str, tuple[Act, ...]] = {
    "reset": (Reset(),),
    "hangup": (Close(),),
    "garbage": (Send(GARBAGE), Close()),
    "stall": (Hold(),),
}

# Headers of a good answer, and then this instead of its body.
UPON_BODY: dict[str, tuple[Act, ...]] = {
    "stallbody": (Hold(),),
    "diebody": (Reset(),),
    "finbody": (Close(),),
}


@dataclass(slots=True)
class Stage:
    """One answer on its way: how its frames become bytes, and how the body is delimited."""

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


Strike = Callable[[Stage, Piece | None, Failure], Iterator[Act]]


def _die(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    yield Reset()


def _fin(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    yield Close()


def _cut(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    yield from stage.end()


def _stall(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    yield Hold()


def _error(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    for frame in stage.shape.error_pieces(failure, stage.told):
        yield stage.send(stage.frame(frame))
    yield from stage.end()


def _badstop(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    if piece:
        yield stage.send(stage.frame(mangled(piece)))
    yield Hold()


def _badchunk(stage: Stage, piece: Piece | None, failure: Failure) -> Iterator[Act]:
    yield Send(BAD_CHUNK)
    yield Close()


# After so many pieces of the answer the rest is this.
ENDINGS: dict[str, Strike] = {
    "die": _die,
    "fin": _fin,
    "cut": _cut,
    "stall": _stall,
    "error": _error,
    "badstop": _badstop,
    "badchunk": _badchunk,
}


def mangled(piece: Piece) -> Piece:
    """A frame that lost its second half: no JSON."""
    return replace(piece, body=piece.body[: len(piece.body) * 2 // 3])


def play(shape: Shape, told: Told, failure: Failure, error_headers: dict[str, str]) -> Iterator[Act]:
    """The acts of one answer. `failure` is what is told where the script wants an error."""
    behaviour = told.behaviour
    if behaviour.wait:
        yield Wait(behaviour.wait)
    if behaviour.at is None and behaviour.fault in OPENINGS:
        yield from OPENINGS[behaviour.fault]
    elif behaviour.fault in ODD_BODIES:
        yield from ODD_BODIES[behaviour.fault](shape, told)
    elif behaviour.status and behaviour.fault != "error":
        body = encode(shape, shape.error(failure))
        yield from _whole(told, behaviour.status, {"content-type": shape.whole_type} | error_headers, body)
    elif told.question.stream:
        yield from _stream(shape, told, failure)
    else:
        yield from _body(shape, told, failure)


def play_plain(
    shape: Shape, told: Told, failure: Failure, error_headers: dict[str, str], body: object
) -> Iterator[Act]:
    """The acts of an answer that is no chat: the same faults, as far as they make sense for one whole body."""
    behaviour = told.behaviour
    if behaviour.wait:
        yield Wait(behaviour.wait)
    if behaviour.at is None and behaviour.fault in OPENINGS:
        yield from OPENINGS[behaviour.fault]
        return
    content, headers = (shape.error(failure), error_headers) if behaviour.status else (body, {})
    yield from _whole(
        told, behaviour.status or 200, {"content-type": shape.whole_type} | headers, encode(shape, content)
    )


def _head(told: Told, status: int, headers: dict[str, str]) -> Iterator[Act]:
    if told.says("goodbye"):
        headers = headers | {"connection": "close"}
    if told.says("badtype"):
        headers = headers | {"content-type": "text/plain; charset=utf-8" if told.question.stream else "text/html"}
    head = http.head(status, headers)
    if not told.behaviour.slowhead:
        yield Send(head)
        return
    for start in range(len(head)):
        yield Send(head[start : start + 1])
        yield Wait(told.behaviour.slowhead)


def _whole(told: Told, status: int, headers: dict[str, str], body: bytes) -> Iterator[Act]:
    yield from _head(told, status, headers | {"content-length": str(len(body))})
    yield Send(body)


def _nothing(shape: Shape, told: Told) -> Iterator[Act]:
    yield from _whole(told, _status(told), {"content-type": _type(shape, told)}, b"")


def _page(shape: Shape, told: Told) -> Iterator[Act]:
    yield from _whole(told, _status(told), {"content-type": "text/html; charset=utf-8"}, PAGE)


def _not_json(shape: Shape, told: Told) -> Iterator[Act]:
    yield from _whole(told, _status(told), {"content-type": _type(shape, told)}, NOT_JSON)


def _half_json(shape: Shape, told: Told) -> Iterator[Act]:
    body = _everything(shape, told)
    yield from _whole(told, 200, {"content-type": _type(shape, told)}, body[: len(body) // 2])


def _half_gzip(shape: Shape, told: Told) -> Iterator[Act]:
    body = packed(_everything(shape, told))
    headers = {"content-type": _type(shape, told), "content-encoding": "gzip"}
    yield from _whole(told, 200, headers, body[: len(body) * 2 // 3])


def _everything(shape: Shape, told: Told) -> bytes:
    if not told.question.stream:
        return encode(shape, shape.whole(told))
    frame = framer(shape, told)
    return b"".join(frame(piece) for piece in shape.stream(told))


def _status(told: Told) -> int:
    return told.behaviour.status or 200


# A whole, well-formed HTTP answer whose body is not what was asked for.
ODD_BODIES: dict[str, Callable[[Shape, Told], Iterator[Act]]] = {
    "nobody": _nothing,
    "html": _page,
    "garbagebody": _not_json,
    "halfjson": _half_json,
    "badgzip": _half_gzip,
}


def _type(shape: Shape, told: Told) -> str:
    if shape.name == "gemini" and told.question.stream and not told.target.sse:
        return shape.whole_type
    return shape.stream_type if told.question.stream else shape.whole_type


def _coded(told: Told) -> dict[str, str]:
    return {"content-encoding": "gzip"} if told.behaviour.flags & {"gzip", "fakegzip"} else {}


def _packer(told: Told) -> Packer | None:
    return Packer() if told.says("gzip") else None


def _stream(shape: Shape, told: Told, failure: Failure) -> Iterator[Act]:
    chunked = not told.says("eof")
    headers = {"content-type": _type(shape, told), "cache-control": "no-cache"} | _coded(told)
    headers |= {"transfer-encoding": "chunked"} if chunked else {"connection": "close"}
    stage = Stage(shape, told, framer(shape, told), headers, chunked, _packer(told))
    yield from _head(told, 200, headers)
    if told.behaviour.fault == "halfcall" and told.answer.calls:
        yield from _half_call(stage, list(shape.stream(told)))
    else:
        yield from _run(stage, shape.stream(told), failure)


def _half_call(stage: Stage, pieces: list[Piece]) -> Iterator[Act]:
    """Everything until the arguments of a call have begun, half a frame more, and an RST."""
    answer = stage.told.answer
    names = {call.name for call in answer.calls}
    contents = [index for index, piece in enumerate(pieces) if piece.part is Part.CONTENT]
    first = contents[len(answer.thoughts) - 1] + 1 if answer.thoughts else 0
    begins = [index for index in range(first, len(pieces)) if any(name in pieces[index].body for name in names)]
    begin = begins[min(stage.told.behaviour.at or 1, len(begins)) - 1]
    goes_on = [index for index in contents if index > begin][:2]
    in_parts = len(goes_on) == 2 and goes_on[0] not in begins
    broken = goes_on[1] if in_parts else begin
    for piece in pieces[:broken]:
        yield stage.send(stage.frame(piece), piece.part is Part.CONTENT)
    frame = stage.frame(pieces[broken])
    named = max(frame.find(name.encode()) + len(name) for name in names)
    yield stage.send(frame[: (named + len(frame)) // 2])
    yield Reset()


def _body(shape: Shape, told: Told, failure: Failure) -> Iterator[Act]:
    behaviour, answer = told.behaviour, told.answer
    count = sum(len(pieces) for pieces in answer.texts) + len(answer.thoughts) + len(answer.calls)
    if pause := behaviour.slow + count * (behaviour.pace or behaviour.trickle):
        yield Wait(pause)
    content: object = shape.error(failure) if behaviour.fault == "error" else shape.whole(told)
    body = encode(shape, content)
    if told.says("gzip"):
        body = packed(body)
    chunked = behaviour.fault in CHANGES_LENGTH or bool(behaviour.comments) or told.says("keepalive")
    headers = {"content-type": shape.whole_type} | _coded(told)
    headers |= (
        {"transfer-encoding": "chunked"}
        if chunked
        else {}
        if told.says("eof")
        else {"content-length": str(len(body))}
    )
    # The slices are bytes already, maybe compressed: latin-1 carries them through a Piece unchanged.
    stage = Stage(shape, told, lambda piece: piece.body.encode("latin-1"), headers, chunked)
    yield from _head(told, 200, headers)
    whole = behaviour.fault in ("", "error")
    if behaviour.fault == "halfcall":
        behaviour = replace(behaviour, fault="die", at=1)
    parts = [body] if whole else list(slices(body, max(2, count + 1)))
    plain = replace(
        told, behaviour=replace(behaviour, pace=0, slow=0, trickle=0, fault="" if whole else behaviour.fault)
    )
    stage.told = plain
    yield from _run(stage, (Piece(part.decode("latin-1")) for part in parts), failure)


# What cannot be done to a body whose length was told.
CHANGES_LENGTH = frozenset({"cut", "badchunk", "badframe", "badstop", "badtext"})


def _run(stage: Stage, pieces: Iterator[Piece], failure: Failure) -> Iterator[Act]:
    """The body, piece by piece, until it ends or the fault strikes."""
    behaviour = stage.told.behaviour
    if behaviour.fault in UPON_BODY:
        yield from UPON_BODY[behaviour.fault]
        return
    if behaviour.comments:
        yield from _comments(stage)
    strike = ENDINGS.get(behaviour.fault)
    said = 0
    for piece in pieces:
        due = piece.part in (Part.CONTENT, Part.CLOSE) and said >= (behaviour.at or 0)
        if strike and (due or piece.part is Part.CLOSE):
            yield from strike(stage, piece, failure)
            return
        if said == 0 and piece.part is Part.CONTENT and behaviour.slow:
            yield Wait(behaviour.slow)
        yield from _one(stage, piece, said)
        said += piece.part is Part.CONTENT
    if strike:
        yield from strike(stage, None, failure)
        return
    yield from stage.end()


def _one(stage: Stage, piece: Piece, said: int) -> Iterator[Act]:
    behaviour, content = stage.told.behaviour, piece.part is Part.CONTENT
    body = stage.frame(piece)
    if content and said == behaviour.at and behaviour.fault in SPOILS:
        body = SPOILS[behaviour.fault](stage, piece)
    if stage.told.says("keepalive"):
        yield stage.send(comment(stage.shape, stage.told))
    yield stage.send(body, content)
    if content and (pause := behaviour.pace or behaviour.trickle):
        yield Wait(pause)


def _comments(stage: Stage) -> Iterator[Act]:
    while True:
        yield stage.send(comment(stage.shape, stage.told))
        yield Wait(stage.told.behaviour.comments)


def _spoilt_frame(stage: Stage, piece: Piece) -> bytes:
    return stage.frame(mangled(piece))


def _spoilt_text(stage: Stage, piece: Piece) -> bytes:
    body = stage.frame(piece)
    middle = len(body) * 2 // 3
    return body[:middle] + NO_UTF8 + body[middle:]


# One piece goes bad, the rest follows as if nothing had happened.
SPOILS: dict[str, Callable[[Stage, Piece], bytes]] = {"badframe": _spoilt_frame, "badtext": _spoilt_text}


def describe(behaviour: Behaviour) -> str:
    """The fault in one word, for the log; empty when nothing goes wrong."""
    if behaviour.fault:
        return behaviour.fault if behaviour.at is None else f"{behaviour.fault}{behaviour.at}"
    return str(behaviour.status) if behaviour.status else ""
