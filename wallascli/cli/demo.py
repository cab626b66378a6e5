"""`wallasapi demo`: a choice, and what happens when the chosen one fails, on pretended providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Failed, Result, write
from wallascli.cli.terminal import Colour, Paint

if TYPE_CHECKING:
    from wallascli.cli.demo_check import Act, Story
    from wallascli.cli.demo_stage import Stage
    from wallascli.routing.candidate import Plan
    from wallascli.routing.course import Turn
    from wallascli.vocab.failures import Failure

LONGEST = 20.0  # seconds
_BREATH = 0.6  # seconds between two acts, for who watches
_MOST = 4


def demo(color: options.Color = Colour.AUTO, as_json: options.Json = False) -> Result:
    import sys

    from wallascli.cli.running import run
    from wallascli.cli.terminal import is_terminal, wants_colour

    watched = is_terminal(sys.stdout) and not as_json
    told = _Silent() if as_json else _Told(Paint(wants_colour(color, sys.stdout)))
    stories = run(_played(told, watched=watched))
    from wallascli.cli.advice import first_key
    from wallascli.cli.demo_check import check

    view = {"acts": [story.view() for story in stories], "next": first_key()}
    complaints = [complaint for story in stories for complaint in check(story)]
    if complaints:
        raise Failed(say("demo.failed"), kind="demo_failed", code=1, data=view, details=complaints)
    told.line("")
    told.line(say("demo.end", count=len(stories)))
    told.line("")
    told.line(first_key())
    return Result(view)


async def _played(told: _Told, *, watched: bool) -> list[Story]:
    import asyncio
    import tempfile
    from pathlib import Path

    from wallascli.cli.demo_check import Act
    from wallascli.cli.demo_stage import stage

    acts = (
        Act("choice", "", "", stream=False),
        Act("limit", "429-retry30", "rate_limited", stream=False),
        Act("error", "500", "broken", stream=True),
        Act("stall", "stall", "slow", stream=True),
    )
    try:
        with tempfile.TemporaryDirectory(prefix="wallasapi-demo-", ignore_cleanup_errors=True) as home:
            async with asyncio.timeout(LONGEST), stage(Path(home)) as here:
                told.line(say("demo.begin", url=here.simulator.url))
                stories = []
                for number, act in enumerate(acts, 1):
                    if watched:
                        await asyncio.sleep(_BREATH)
                    stories.append(await _act(here, number, act, told))
                return stories
    except TimeoutError as exc:
        raise Failed(say("demo.late", seconds=LONGEST), kind="demo_failed", code=1) from exc


async def _act(here: Stage, number: int, act: Act, told: _Told) -> Story:
    question = here.words()
    told.line("")
    told.line(told.paint.bold(say(f"demo.{act.name}", number=number)))
    told.line(say("demo.question", question=question))
    if not act.fails:
        told.line(_choice(here.plan(question, act)))
    story = await here.play(act, question, heard=told.heard, said=told.said)
    told.verdict(story)
    return story


def _choice(plan: Plan) -> str:
    """The first candidates with the points that put them there."""
    from wallascli.cli.explain import candidates_table
    from wallascli.engine.views import explain_view

    shown = explain_view(plan)["candidates"][:_MOST]
    return "\n".join(f"  {line}" for line in candidates_table(shown, differing=True).splitlines())


class _Told:
    """The demonstration as a person sees it, on stdout."""

    def __init__(self, paint: Paint) -> None:
        self.paint = paint
        self._open = False

    def line(self, text: str) -> None:
        write(f"{text}\n")

    def heard(self, turn: Turn, failure: Failure | None) -> None:
        name = turn.candidate.name
        if failure is None:
            self.line(self.paint.dim(say("demo.asking", name=name)))
        else:
            status = say("demo.status", status=failure.status) if failure.status else ""
            self.line(self.paint.bad(say("demo.no", name=name, kind=failure.kind.value, status=status)))

    def said(self, piece: str) -> None:
        write(piece if self._open else f"  {piece}")
        self._open = True

    def verdict(self, story: Story) -> None:
        from wallascli.cli.demo_check import check

        self._open = False
        last = story.tried[-1]
        values = {"name": f"{last.provider}:{last.model}", "seconds": story.seconds, "count": len(story.tried)}
        wrong = next(check(story), "")
        self.line("")
        mark = (
            self.paint.bad(say("demo.wrong", what=wrong)) if wrong else self.paint.good(say("demo.right", **values))
        )
        self.line(mark)


class _Silent(_Told):
    """For ``--json``."""

    def __init__(self) -> None:
        super().__init__(Paint(False))

    def line(self, text: str) -> None:
        pass

    def said(self, piece: str) -> None:
        pass
