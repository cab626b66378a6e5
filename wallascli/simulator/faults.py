"""What can go wrong, one row for each: before the answer, instead of its body, and in the midst of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from wallascli.simulator.acts import Act, Close, Hold, Reset, Send
from wallascli.simulator.framing import packed
from wallascli.simulator.script import Behaviour
from wallascli.simulator.shape import Failure, Piece, Shape, Told
from wallascli.simulator.stage import Stage, everything, type_of

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

Strike: TypeAlias = Callable[[Stage, Piece | None, Failure], Iterator[Act]]
OddBody: TypeAlias = Callable[[Shape, Told], tuple[dict[str, str], bytes]]


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
    """A frame that lost its end: no JSON."""
    return replace(piece, body=piece.body[: len(piece.body) * 2 // 3])


def _spoilt_frame(stage: Stage, piece: Piece) -> bytes:
    return stage.frame(mangled(piece))


def _spoilt_text(stage: Stage, piece: Piece) -> bytes:
    body = stage.frame(piece)
    middle = len(body) * 2 // 3
    return body[:middle] + NO_UTF8 + body[middle:]


# One piece goes bad, the rest follows as if nothing had happened.
SPOILS: dict[str, Callable[[Stage, Piece], bytes]] = {"badframe": _spoilt_frame, "badtext": _spoilt_text}


def _nothing(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    return {}, b""


def _page(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    return {"content-type": "text/html; charset=utf-8"}, PAGE


def _not_json(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    return {}, NOT_JSON


def _half_json(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    body = everything(shape, told)
    return {}, body[: len(body) // 2]


def _half_gzip(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    body = packed(everything(shape, told))
    return {"content-encoding": "gzip"}, body[: len(body) * 2 // 3]


# A whole, well-formed HTTP answer whose body is not what was asked for; with the headers that belong to it.
ODD_BODIES: dict[str, OddBody] = {
    "nobody": _nothing,
    "html": _page,
    "garbagebody": _not_json,
    "halfjson": _half_json,
    "badgzip": _half_gzip,
}


def odd_body(shape: Shape, told: Told) -> tuple[dict[str, str], bytes]:
    """Headers and body of such an answer."""
    headers, body = ODD_BODIES[told.behaviour.fault](shape, told)
    return {"content-type": type_of(shape, told)} | headers, body


def describe(behaviour: Behaviour) -> str:
    """The fault in one word, for the log; empty when nothing goes wrong."""
    if behaviour.fault:
        return behaviour.fault if behaviour.at is None else f"{behaviour.fault}{behaviour.at}"
    return str(behaviour.status) if behaviour.status else ""
