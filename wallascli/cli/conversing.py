"""One question and its answer, from the engine to the terminal."""

from __future__ import annotations

import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from wallascli.cli.advice import hint_for
from wallascli.cli.asking import Wish, ready_engine
from wallascli.cli.failing import refused
from wallascli.cli.live import Progress
from wallascli.cli.messages import say
from wallascli.cli.output import Failed, Result, tell
from wallascli.cli.screens import Look, Showing
from wallascli.cli.terminal import harmless
from wallascli.engine import Engine
from wallascli.routing.outcome import folded
from wallascli.routing.reply import Reply
from wallascli.vocab.chat import Usage
from wallascli.vocab.events import Completion, Event, FinishReason, TextDelta, fold
from wallascli.vocab.failures import Attempt, PlanExhausted, WallasError


async def converse(wish: Wish, prompt: str, config: Path | None, look: Look, *, stream: bool) -> Result:
    """Ask and show. Raises ``Failed`` with the attempts in its data, ``Misconfigured`` or ``NotAllowed``."""
    began = time.monotonic()
    async with ready_engine(config) as (engine, settings):
        policy = wish.policy(settings)
        progress = Progress(verbose=look.verbose, paint=look.paint)
        progress.start()
        try:
            request = wish.request(prompt, stream=stream)
            await engine.ready_for(request, policy)
            async with engine.chat(request, policy) as reply:
                reply.heard = progress.heard
                completion = await _answered(reply, look, progress)
        except WallasError as exc:
            progress.stop()
            raise _failed(exc, engine, look) from exc
        finally:
            progress.stop()
        if not look.as_json:
            _remark(reply, completion, look, time.monotonic() - began)
        return Result(data=_data(reply, completion))


async def _answered(reply: Reply, look: Look, progress: Progress) -> Completion:
    await reply.open()
    showing = Showing(look, progress)
    if not reply.request.stream:
        completion = reply.whole()
        if not look.as_json:
            showing.take(TextDelta(completion.first.text or completion.first.refusal))
            showing.end()
        return completion
    events: list[Event] = []
    try:
        async with aclosing(reply.events()) as coming:
            async for event in coming:
                events.append(event)
                showing.take(event)
    finally:
        showing.end()
    return fold(events)


def _remark(reply: Reply, completion: Completion, look: Look, seconds: float) -> None:
    """What a person should know of the answer and cannot see in it."""
    first, finish = completion.first, completion.first.finish
    if not (first.text or first.refusal):
        tell(say("chat.empty"))
    elif finish is not None and finish.reason in (FinishReason.LENGTH, FinishReason.CONTENT_FILTER):
        tell(say("chat.cut", why=finish.raw or finish.reason.value))
    if first.media:
        tell(say("chat.media", count=len(first.media)))
    if look.verbose:
        usage = completion.usage
        tokens = say("chat.tokens", input=usage.input, output=usage.output) if usage else say("chat.no_tokens")
        line = say("chat.by", name=reply.candidate.name, seconds=seconds, tokens=tokens, why=reply.reason)
        tell(look.paint.dim(line))
        if reply.dropped:
            tell(look.paint.dim(say("chat.dropped", fields=", ".join(reply.dropped))))


# Enough to see what is wrong; `-v` shows all of them.
_MOST_TOLD = 6
_NOTHING: dict[str, Any] = {
    "text": "",
    "model": None,
    "provider": None,
    "finish_reason": None,
    "usage": None,
    "attempts": [],
    "tool_calls": [],
    "dropped": [],
}


def _data(reply: Reply, completion: Completion) -> dict[str, Any]:
    first = completion.first
    return {
        "text": first.text or first.refusal,
        "model": reply.candidate.card.id,
        "provider": reply.candidate.provider.name,
        "finish_reason": first.finish.reason.value if first.finish else None,
        "usage": _usage(completion.usage),
        "attempts": [_attempt(attempt) for attempt in reply.course.attempts],
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in first.tool_calls],
        "dropped": list(reply.dropped),
    }


def _usage(usage: Usage | None) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "input": usage.input,
        "output": usage.output,
        "total": usage.total,
        "cached": usage.cached,
        "reasoning": usage.reasoning,
        "estimated": usage.estimated,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "provider": attempt.provider,
        "model": attempt.model,
        "class": attempt.failure.kind.value,
        "status": attempt.failure.status,
        "message": attempt.failure.message[:500],
        "seconds": round(attempt.seconds, 3),
    }


def _failed(exc: WallasError, engine: Engine, look: Look) -> Failed:
    attempts = exc.facts.attempts if isinstance(exc, PlanExhausted) else ()
    alike = folded(attempts)
    lines = [_tried(attempt, count) for attempt, count in alike[:_MOST_TOLD]]
    if left := sum(count for _, count in alike[_MOST_TOLD:]):
        lines.append(say("chat.tried.more", count=left))
    told = refused(exc)
    return Failed(
        exc.message,
        kind=told.kind,
        code=told.code,
        hint=hint_for(exc, engine),
        data=_NOTHING | {"attempts": [_attempt(attempt) for attempt in attempts]},
        short=exc.message.partition(" Tried: ")[0],
        details=() if look.verbose else lines,
    )


def _tried(attempt: Attempt, count: int) -> str:
    failure = attempt.failure
    line = say(
        "chat.tried",
        provider=attempt.provider,
        model=attempt.model,
        kind=failure.kind.value,
        said=_said(failure.message),
    )
    return line + (say("chat.tried.alike", count=count - 1) if count > 1 else "")


def _said(message: str) -> str:
    return harmless(" ".join(message.split()))[:100]
