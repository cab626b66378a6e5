"""Reading must not depend on how the network cut a stream: one check for every wire.

Readers are fed whole frames only. So where a cut leaves the frames as they are, it leaves the reading as it is,
and comparing frames is enough: it is a hundred times cheaper than reading four thousand times.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from wallascli.vocab.events import Event
from wallascli.wires.base import Outbound

EVERY_BYTE = 4096
BEYOND = 200


def frames(wire: Outbound, reads: Iterable[bytes]) -> list[bytes]:
    """What a reader is fed: the frames, and what stands after the last as one more."""
    framer = wire.framing.framer()
    found = [frame for read in reads for frame in framer.feed(read)]
    return [*found, framer.rest()] if framer.rest() else found


def read(wire: Outbound, reads: Iterable[bytes]) -> list[Event]:
    """The events of one stream."""
    reader = wire.reader()
    return [event for frame in frames(wire, reads) for event in reader.feed(frame)] + reader.end()


def pieces(stream: bytes, size: int) -> Iterator[bytes]:
    return (stream[start : start + size] for start in range(0, len(stream), size))


def places(stream: bytes) -> list[int]:
    """Every byte of the first 4 KB, and 200 of the rest, the same ones each time."""
    beyond = range(EVERY_BYTE, len(stream))
    return [*range(min(EVERY_BYTE, len(stream))), *random.Random(0).sample(beyond, min(BEYOND, len(beyond)))]


def assert_cuts_leave_no_trace(wire: Outbound, stream: bytes) -> None:
    whole = frames(wire, [stream])
    assert b"".join(whole) == stream
    assert read(wire, pieces(stream, 1)) == read(wire, [stream])
    for place in places(stream):
        assert frames(wire, [stream[:place], stream[place:]]) == whole, place
