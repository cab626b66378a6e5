"""The moving deadline, on the event loop that the gateway runs on and on the standard one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from wallascli.upstream.watch import Watch

uvloop = pytest.importorskip("uvloop")
LOOPS: tuple[Callable[[], asyncio.AbstractEventLoop], ...] = (asyncio.new_event_loop, uvloop.new_event_loop)


def on(loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work()

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("left", [-1.0, 0.0, 0.0001, 0.0004])
def test_a_deadline_that_is_due_at_once_is_one_as_well(
    loop: Callable[[], asyncio.AbstractEventLoop], left: float
) -> None:
    async def work() -> str:
        try:
            async with Watch(5, "long") as watch:
                for _ in range(3):
                    watch.touch(left, "short")
                    watch.touch(left / 2, "short")
                await asyncio.sleep(3)
        except TimeoutError as exc:
            return str(exc)
        return "nothing"

    began = time.monotonic()
    assert on(loop, work) == "short"
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("loop", LOOPS)
def test_a_touch_moves_it_back_and_forth(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def work() -> None:
        async with Watch(0.0, "at once") as watch:
            watch.touch(5)
            watch.rest()
            await asyncio.sleep(0.02)
            watch.touch(0.01, "armed again")
            await asyncio.sleep(3)

    with pytest.raises(TimeoutError, match="armed again"):
        on(loop, work)
