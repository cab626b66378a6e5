"""Reading a recorded body with a wire, cut however the network cut it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

from tests.exchanges import Exchange, load
from wallascli.vocab.events import (
    Completion,
    Event,
    Finished,
    ProviderError,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
    fold,
)
from wallascli.wires.base import Glance, Outbound

# Any JSON that orjson reads.
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)

_FLAGS = {
    TextDelta: Glance.TEXT,
    ThoughtDelta: Glance.THOUGHT,
    ToolCallStarted: Glance.CALL,
    ToolCallDelta: Glance.CALL,
    UsageReported: Glance.USAGE,
    Finished: Glance.FINISH,
    ProviderError: Glance.ERROR,
}


def flags(events: Iterable[Event]) -> Glance:
    """What a glance should have seen of these."""
    seen = Glance.NOTHING
    for event in events:
        seen |= _FLAGS.get(type(event), Glance.NOTHING)
    return seen


def frames(wire: Outbound, reads: Iterable[bytes]) -> list[bytes]:
    """Whole frames, and what stands after the last one."""
    framer = wire.framing.framer()
    found = [frame for read in reads for frame in framer.feed(read)]
    return [*found, framer.rest()] if framer.rest() else found


def stream_events(wire: Outbound, reads: Iterable[bytes]) -> list[Event]:
    reader = wire.reader()
    return [event for frame in frames(wire, reads) for event in reader.feed(frame)] + reader.end()


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def events(wire: Outbound, exchange: Exchange) -> list[Event]:
    return stream_events(wire, exchange.chunks) if exchange.streamed else wire.read_whole(exchange.body)


def completion(wire: Outbound, file: str, index: int = 0) -> Completion:
    return fold(events(wire, load(file)[index]))
