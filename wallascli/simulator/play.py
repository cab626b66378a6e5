"""The answer as acts of the socket.

`play` is pure: each byte, pause and break is decided by the request and the script, none by what the socket does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wallascli.simulator.acts import Act, Reset, Wait
from wallascli.simulator.faults import ENDINGS, ODD_BODIES, OPENINGS, SPOILS, UPON_BODY, odd_body
from wallascli.simulator.framing import Packer, comment, encode, framer, packed, slices
from wallascli.simulator.shape import Failure, Part, Piece, Shape, Told
from wallascli.simulator.stage import Stage, head, type_of, whole

# What cannot be done to a body whose length was told.
CHANGES_LENGTH = frozenset({"cut", "badchunk", "badframe", "badstop", "badtext"})


def play(
    shape: Shape, told: Told, failure: Failure, error_headers: dict[str, str], other: object = None
) -> Iterator[Act]:
    """The acts of one answer.

    `failure` is told where the script wants an error, with `error_headers`; `other` is the body of an answer that
    is no chat: it meets the faults that make sense for one whole body.
    """
    behaviour = told.behaviour
    if behaviour.wait:
        yield Wait(behaviour.wait)
    if behaviour.at is None and behaviour.fault in OPENINGS:
        yield from OPENINGS[behaviour.fault]
    elif behaviour.fault in ODD_BODIES:
        headers, body = odd_body(shape, told)
        yield from whole(told, behaviour.status or 200, headers | (error_headers if behaviour.status else {}), body)
    elif behaviour.status:
        headers = {"content-type": shape.whole_type} | error_headers
        yield from whole(told, behaviour.status, headers, encode(shape, shape.error(failure)))
    else:
        yield from _good(shape, told, failure, other)


def _good(shape: Shape, told: Told, failure: Failure, other: object) -> Iterator[Act]:
    if other is not None:
        yield from whole(told, 200, {"content-type": shape.whole_type}, encode(shape, other))
    elif told.question.stream:
        yield from _stream(shape, told, failure)
    else:
        yield from _body(shape, told, failure)


def _coded(told: Told) -> dict[str, str]:
    return {"content-encoding": "gzip"} if told.behaviour.flags & {"gzip", "fakegzip"} else {}


def _stream(shape: Shape, told: Told, failure: Failure) -> Iterator[Act]:
    chunked = not told.says("eof")
    headers = {"content-type": type_of(shape, told), "cache-control": "no-cache"} | _coded(told)
    headers |= {"transfer-encoding": "chunked"} if chunked else {"connection": "close"}
    packer = Packer() if told.says("gzip") else None
    stage = Stage(shape, told, framer(shape, told), headers, chunked, packer)
    yield from head(told, 200, headers)
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
    body = encode(shape, shape.error(failure) if behaviour.fault == "error" else shape.whole(told))
    body = packed(body) if told.says("gzip") else body
    headers = {"content-type": shape.whole_type} | _coded(told) | _length(told, body)
    yield from head(told, 200, headers)
    # All waiting is done. What is left is to send the body, or a part of it that ends as the script wants.
    fault = {"error": "", "halfcall": "die"}.get(behaviour.fault, behaviour.fault)
    at = 1 if behaviour.fault == "halfcall" else behaviour.at
    quick = replace(told, behaviour=replace(behaviour, pace=0, slow=0, trickle=0, fault=fault, at=at))
    # The slices are bytes already, maybe compressed: latin-1 carries them through a Piece unchanged.
    chunked = "transfer-encoding" in headers
    stage = Stage(shape, quick, lambda piece: piece.body.encode("latin-1"), headers, chunked)
    parts = slices(body, max(2, count + 1) if fault else 1)
    yield from _run(stage, (Piece(part.decode("latin-1")) for part in parts), failure)


def _length(told: Told, body: bytes) -> dict[str, str]:
    behaviour = told.behaviour
    if behaviour.fault in CHANGES_LENGTH or behaviour.comments or told.says("keepalive"):
        return {"transfer-encoding": "chunked"}
    return {"connection": "close"} if told.says("eof") else {"content-length": str(len(body))}


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
