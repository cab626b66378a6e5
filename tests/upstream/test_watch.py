"""A deadline that moves with every sign of life: it fires when it must, never else, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from wallascli.upstream.watch import NEVER, Watch

LOOPS = pytest.mark.parametrize("loop_factory", [asyncio.SelectorEventLoop, uvloop.new_event_loop])


class _Leap(selectors.SelectSelector):
    """Waits for nothing: time leaps to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> Any:
        self.now += max(0.0, timeout or 0.0)
        return super().select(0)


class FakeTime(asyncio.SelectorEventLoop):
    """A real event loop whose clock a test reads and nobody waits for."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        return self._leap.now


def run(main: Callable[[], Coroutine[Any, Any, Any]], loop_factory: Callable[[], Any] = FakeTime) -> Any:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main())


STEPS = st.lists(
    st.tuples(st.just("sleep"), st.integers(0, 50))
    | st.tuples(st.just("touch"), st.integers(0, 60))
    | st.tuples(st.just("rest"), st.just(0)),
    max_size=25,
)


def expected(first: int, steps: list[tuple[str, int]]) -> float | None:
    """When it must fire, in seconds from the beginning."""
    now, deadline = 0.0, first + 0.5
    for step, number in steps:
        match step:
            case "touch":
                deadline = now + number + 0.5
            case "rest":
                deadline = NEVER
            case _:
                if deadline < now + number:
                    return deadline
                now += number
    return None


@given(first=st.integers(1, 60), steps=STEPS)
def test_it_fires_at_the_latest_deadline_that_was_set_and_at_no_other_moment(
    first: int, steps: list[tuple[str, int]]
) -> None:
    async def main() -> float | None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with Watch(first + 0.5, "too late") as watch:
                for step, number in steps:
                    match step:
                        case "touch":
                            watch.touch(number + 0.5)
                        case "rest":
                            watch.rest()
                        case _:
                            await asyncio.sleep(number)
        except TimeoutError:
            return loop.time() - began
        return None

    assert run(main) == expected(first, steps)


async def silence() -> None:
    await asyncio.Event().wait()


async def touched(seconds: float, reason: str = "") -> None:
    async with Watch(5, "too late") as watch:
        watch.touch(seconds, reason)
        await silence()


@LOOPS
def test_its_error_says_which_deadline_was_meant(loop_factory: Callable[[], Any]) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError, match="no first byte"):
            async with Watch(0.01, "no first byte"):
                await silence()
        with pytest.raises(TimeoutError, match="it stalled"):
            await touched(0.01, "it stalled")
        with pytest.raises(TimeoutError, match="too late"):
            await touched(0.01)

    run(main, loop_factory)


@LOOPS
@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_a_deadline_that_is_over_at_once_fires_at_once(loop_factory: Callable[[], Any], seconds: float) -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with Watch(seconds, "over"):
                await silence()
        with pytest.raises(TimeoutError):
            await touched(seconds)

    run(main, loop_factory)


@LOOPS
def test_what_ends_in_time_ends_well_and_leaves_no_timer(loop_factory: Callable[[], Any]) -> None:
    async def main() -> None:
        async with Watch(0.05, "too late") as watch:
            for _ in range(10):
                watch.touch(0.05)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)  # a timer left behind would cancel this
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    run(main, loop_factory)


def test_a_thousand_touches_cost_one_timer() -> None:
    async def main() -> int:
        loop = asyncio.get_running_loop()
        made = 0
        call_at = loop.call_at

        def counted(*arguments: Any, **named: Any) -> asyncio.TimerHandle:
            nonlocal made
            made += 1
            return call_at(*arguments, **named)

        loop.call_at = counted  # type: ignore[assignment, method-assign]
        async with Watch(10, "too late") as watch:
            for _ in range(1_000):
                watch.touch(10)
        return made

    assert run(main) == 1


def test_an_error_of_its_own_goes_through_unchanged() -> None:
    async def main() -> None:
        with pytest.raises(KeyError):
            async with Watch(5, "too late"):
                raise KeyError("mine")

    run(main)


@pytest.mark.parametrize("when", ["before it fires", "at the same moment"])
def test_a_cancellation_from_outside_is_no_timeout(when: str) -> None:
    async def work(seconds: float) -> None:
        async with Watch(seconds, "too late"):
            await silence()

    async def main() -> None:
        both = when == "at the same moment"
        task = asyncio.create_task(work(1.0))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(1.0 if both else 0.5, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert task.cancelled()

    run(main)


def test_inside_a_task_that_is_being_cancelled_it_still_tells_its_own_timeout() -> None:
    """Cleaning up after a cancellation may need a deadline too."""
    told: list[str] = []

    async def work() -> None:
        try:
            await silence()
        finally:
            try:
                async with Watch(1, "cleaning took too long"):
                    await silence()
            except TimeoutError as exc:
                told.append(str(exc))

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert told == ["cleaning took too long"]


def nested(inner: float, outer: float) -> Callable[[], Awaitable[list[str]]]:
    async def main() -> list[str]:
        heard = []
        try:
            async with Watch(outer, "outer"):
                try:
                    async with Watch(inner, "inner"):
                        await silence()
                except TimeoutError as exc:
                    heard.append(str(exc))
                await silence()
        except TimeoutError as exc:
            heard.append(str(exc))
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        return heard

    return main


@pytest.mark.parametrize(
    ("inner", "outer", "heard"), [(1, 2, ["inner", "outer"]), (2, 1, ["outer"]), (1, 1, ["outer"])]
)
def test_one_inside_another_each_tells_its_own(inner: float, outer: float, heard: list[str]) -> None:
    assert run(nested(inner, outer)) == heard  # type: ignore[arg-type]


def test_it_may_be_used_beside_the_librarys_own_timeout() -> None:
    async def main() -> None:
        with pytest.raises(TimeoutError, match="ours"):
            async with asyncio.timeout(5), Watch(1, "ours"):
                await silence()
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(1), Watch(5, "ours"):
                await silence()
        assert "ours" not in str(caught.value)

    run(main)


def test_left_tells_how_much_time_there_is() -> None:
    async def main() -> None:
        async with Watch(10, "too late") as watch:
            await asyncio.sleep(4)
            assert watch.left == 6
            watch.touch(3)
            assert watch.left == 3
            watch.rest()
            assert watch.left == NEVER

    run(main)
