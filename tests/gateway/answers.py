"""What an OpenAI client finds in an answer, read by a reader that shares nothing with ours."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.gateway.serving import chat_body

_WORDS = "anchor basil cobalt dune ember fjord grove harbor iris jade kelp lumen moss nectar onyx pearl".split()
_LINE_END = re.compile(r"\r\n|\r")


@dataclass(frozen=True)
class Answer:
    """One exchange. `ended`: a whole body, or a stream with `[DONE]` as its last event. `seconds` to its end."""

    status: int
    text: str = ""
    finish: str | None = None
    error: dict[str, Any] | None = None
    ended: bool = True
    calls: int = 0
    comments: tuple[str, ...] = ()
    seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: str = ""

    @property
    def attempts(self) -> int:
        return int(self.headers.get("x-wallas-attempts", "0"))

    @property
    def reasons(self) -> list[str]:
        """Why each attempt failed, where the error lists them."""
        return [attempt["reason"] for attempt in (self.error or {}).get("attempts", ())]

    @property
    def code(self) -> str:
        return str((self.error or {}).get("code"))


def words(chance: Random, count: int = 6) -> str:
    """A text that nobody has said before."""
    return " ".join(f"{chance.choice(_WORDS)}{chance.randrange(10_000)}" for _ in range(count))


def read(response: httpx.Response, seconds: float = 0.0) -> Answer:
    """An answer whose body has been read."""
    kind = response.headers.get("content-type", "")
    found = _stream(response.text) if "event-stream" in kind else _whole(response.text)
    return Answer(
        status=response.status_code, seconds=seconds, headers=response.headers, raw=response.text, **found
    )


def _whole(text: str) -> dict[str, Any]:
    body = json.loads(text)
    if "error" in body:
        return {"error": body["error"]}
    choice = body["choices"][0]
    message = choice["message"]
    calls = message.get("tool_calls") or ()
    return {"text": message.get("content") or "", "finish": choice["finish_reason"], "calls": len(calls)}


def _stream(text: str) -> dict[str, Any]:
    frames = [frame for frame in _LINE_END.sub("\n", text).split("\n\n") if frame.strip()]
    said: list[str] = []
    calls: set[int] = set()
    found: dict[str, Any] = {"finish": None, "error": None}
    lines = [line for frame in frames for line in frame.removeprefix("\ufeff").split("\n")]
    events = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    for event in events:
        chunk = {} if event == "[DONE]" else json.loads(event)
        found["error"] = chunk.get("error") or found["error"]
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            said.append(delta.get("content") or "")
            calls |= {call["index"] for call in delta.get("tool_calls") or ()}
            found["finish"] = choice.get("finish_reason") or found["finish"]
    comments = tuple(frame for frame in frames if frame.startswith(":"))
    ended = bool(events) and events[-1] == "[DONE]" and events.count("[DONE]") == 1
    return {**found, "text": "".join(said), "calls": len(calls), "ended": ended, "comments": comments}


async def ask(
    client: httpx.AsyncClient,
    model: str,
    text: str,
    *,
    stream: bool = False,
    headers: Mapping[str, str] | None = None,
    **fields: Any,
) -> Answer:
    """One chat, to its end."""
    began = time.monotonic()
    body = chat_body(model, text, **({"stream": True} if stream else {}), **fields)
    response = await client.post("/v1/chat/completions", json=body, headers=dict(headers or {}))
    return read(response, time.monotonic() - began)


async def together(jobs: Iterable[Any], at_once: int = 40) -> list[Any]:
    """The results of coroutines, so many of them under way at a time."""
    gate = asyncio.Semaphore(at_once)

    async def one(job: Any) -> Any:
        async with gate:
            return await job

    return await asyncio.gather(*(one(job) for job in jobs))
