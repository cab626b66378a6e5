"""Last hands on a rendered body, shared by the rows: what no field of ``Quirks`` can say.

Each gets an OpenAI-shaped body, changes it in place and returns what it dropped or changed. Messages may still
be the caller's own objects, so they are replaced, never edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any, TypeAlias

Body: TypeAlias = dict[str, Any]
Fit: TypeAlias = Callable[[Body], tuple[str, ...]]

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def all_of(*fits: Fit) -> Fit:
    """One after the other."""

    def fit(body: Body) -> tuple[str, ...]:
        return tuple(name for step in fits for name in step(body))

    return fit


def only(fields: Iterable[str]) -> Fit:
    """For a provider that refuses every request field it does not know."""
    known = frozenset(fields) | {"model", "messages", "stream"}

    def fit(body: Body) -> tuple[str, ...]:
        foreign = sorted(body.keys() - known)
        for name in foreign:
            del body[name]
        return tuple(foreign)

    return fit


def plain_effort(body: Body) -> tuple[str, ...]:
    """OpenRouter's ``reasoning: {effort}`` as OpenAI's ``reasoning_effort``; nobody else knows the former."""
    wish = body.pop("reasoning", None)
    if not isinstance(wish, dict):
        return () if wish is None else ("reasoning",)
    effort = "none" if wish.get("enabled") is False else wish.get("effort")
    if effort:
        body.setdefault("reasoning_effort", effort)
    return tuple(f"reasoning.{key}" for key in sorted(wish.keys() - {"effort", "enabled"}))


def efforts(*levels: str) -> Fit:
    """The nearest effort that is taken there, the higher of two; no levels at all drop the field."""

    def fit(body: Body) -> tuple[str, ...]:
        wish = body.get("reasoning_effort")
        if wish is None or wish in levels:
            return ()
        if near := _nearest(wish, levels):
            body["reasoning_effort"] = near
        else:
            del body["reasoning_effort"]
        return ("reasoning_effort",)

    return fit


def no_idle_tools(body: Body) -> tuple[str, ...]:
    """No tools where there are none to use, or where the caller wants none used: the same is asked without."""
    if body.get("tools") and body.get("tool_choice") != "none":
        return ()
    return tuple(name for name in ("tools", "tool_choice", "parallel_tool_calls") if body.pop(name, None))


def _nearest(wish: object, levels: tuple[str, ...]) -> str | None:
    known = [level for level in levels if level in _EFFORTS]
    if wish not in _EFFORTS or not known:
        return None
    at = _EFFORTS.index(str(wish))
    return min(known, key=lambda level: (abs(_EFFORTS.index(level) - at), -_EFFORTS.index(level)))


def _messages(body: Body, make: Callable[[list[Body]], Iterator[Body]]) -> tuple[str, ...]:
    body["messages"] = list(make(body["messages"]))
    return ()


def plain_roles(body: Body) -> tuple[str, ...]:
    """``developer`` is OpenAI's newer word for ``system``; templates of open models do not know it."""
    if any(message["role"] == "developer" for message in body["messages"]):
        body["messages"] = [
            {**message, "role": "system"} if message["role"] == "developer" else message
            for message in body["messages"]
        ]
    return ()


def bridged(body: Body) -> tuple[str, ...]:
    """An assistant turn between a tool's result and the user, where templates demand one.

    It must not be empty ("Invalid assistant message"), so it says the least that can be said, and it is reported:
    nothing is said in the caller's name in silence (P3).
    """
    messages: list[Body] = body["messages"]
    if not any(one["role"] == "tool" and two["role"] == "user" for one, two in pairwise(messages)):
        return ()
    bridged: list[Body] = []
    for message in messages:
        if bridged and bridged[-1]["role"] == "tool" and message["role"] == "user":
            bridged.append({"role": "assistant", "content": "OK"})
        bridged.append(message)
    body["messages"] = bridged
    return ("messages[] + an assistant turn saying OK",)


def no_empty_turns(body: Body) -> tuple[str, ...]:
    """Leave out assistant turns with neither text nor call, such as those that were all thought."""
    return _messages(
        body,
        lambda messages: (
            m for m in messages if m["role"] != "assistant" or m.get("content") or m.get("tool_calls")
        ),
    )


def single_calls(body: Body) -> tuple[str, ...]:
    """For templates that refuse a turn with two calls: none are asked for, and those in the history are split."""
    asked = body.get("parallel_tool_calls") is True
    if body.get("tools"):
        body["parallel_tool_calls"] = False
    return (*one_call_a_turn(body), *(("parallel_tool_calls",) if asked else ()))


def one_call_a_turn(body: Body) -> tuple[str, ...]:
    """A turn with several calls becomes several turns, each followed by the result of its call."""

    def make(messages: list[Body]) -> Iterator[Body]:
        results = {m["tool_call_id"]: m for m in messages if m["role"] == "tool" and "tool_call_id" in m}
        split = {c["id"] for m in messages if len(m.get("tool_calls") or ()) > 1 for c in m["tool_calls"]}
        for message in messages:
            calls: list[Body] = message.get("tool_calls") or []
            if len(calls) > 1:
                yield from _single(message, calls, results)
            elif message.get("tool_call_id") not in split:
                yield message

    return _messages(body, make)


def _single(message: Body, calls: list[Body], results: dict[str, Body]) -> Iterator[Body]:
    content = message.get("content")
    for call in calls:
        yield {**message, "content": content, "tool_calls": [call]}
        content = None
        if call["id"] in results:
            yield results[call["id"]]
