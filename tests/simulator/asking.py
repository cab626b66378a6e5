"""One question in the words of each wire, and what an independent reader finds in the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.recordings import oracle

WIRES = ("openai", "gemini", "anthropic", "ollama", "cohere")
WEATHER = {
    "name": "get_weather",
    "description": "weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK = {"name": "get_time", "description": "time", "parameters": {"type": "object", "properties": {}}}

Turns = Sequence[tuple[str, str]]


def question(
    wire: str, turns: Turns | str, model: str = "sim", *, stream: bool = False, tools: Sequence[Any] = ()
) -> tuple[str, dict[str, Any]]:
    """Path and body of a request; `turns` are pairs of role (user, assistant, system) and text."""
    turns = [("user", turns)] if isinstance(turns, str) else turns
    messages = [{"role": role, "content": text} for role, text in turns]
    functions = [{"type": "function", "function": tool} for tool in tools]
    body: dict[str, Any] = {"model": model, "messages": messages, "stream": stream}
    match wire:
        case "gemini":
            return _gemini(turns, model, stream, tools)
        case "anthropic":
            body |= {"max_tokens": 4096, "messages": [m for m in messages if m["role"] != "system"]}
            functions = [{"name": tool["name"], "input_schema": tool["parameters"]} for tool in tools]
            path = "/anthropic/v1/messages"
        case "ollama":
            path = "/ollama/api/chat"
        case "cohere":
            path = "/cohere/v2/chat"
        case _:
            path = "/plain/v1/chat/completions"
    return path, body | ({"tools": functions} if functions else {})


def _gemini(turns: Turns, model: str, stream: bool, tools: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    roles = {"assistant": "model", "user": "user"}
    contents = [{"role": roles[role], "parts": [{"text": text}]} for role, text in turns if role in roles]
    body: dict[str, Any] = {"contents": contents}
    if tools:
        body["tools"] = [{"functionDeclarations": list(tools)}]
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/gemini/v1beta/models/{model}:{verb}", body


def understood(wire: str, answer: httpx.Response) -> dict[str, Any]:
    """What the judge of the recordings reads in an answer."""
    kind = answer.headers["content-type"]
    held = (
        {"body": answer.json()}
        if "application/json" in kind
        else {"ndjson" if "ndjson" in kind else "sse": answer.text}
    )
    reading = oracle.Reading()
    for payload in oracle.payloads(held):
        oracle.READERS[wire](reading, payload)
    return reading.row()


def text_of(wire: str, answer: httpx.Response) -> str:
    """The text of the first choice."""
    choices = understood(wire, answer)["choices"]
    return str(choices[0]["text"]) if choices else ""


@dataclass(frozen=True)
class Bytes:
    """What came over a raw socket, and how it ended: fin, reset, or silence."""

    got: bytes
    end: str

    @property
    def head(self) -> bytes:
        return self.got.partition(b"\r\n\r\n")[0]

    @property
    def rest(self) -> bytes:
        return self.got.partition(b"\r\n\r\n")[2]


def written(path: str, body: object, **headers: str) -> bytes:
    """A request as bytes."""
    content = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content


async def raw(port: int, sent: bytes, silence: float = 5.0) -> Bytes:
    """Send bytes and read until the other side ends the connection or says nothing for a while."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got, end = b"", "silence"
    try:
        writer.write(sent)
        while True:
            part = await asyncio.wait_for(reader.read(1 << 20), silence)
            if not part:
                end = "fin"
                break
            got += part
    except TimeoutError:
        pass
    except ConnectionResetError:
        end = "reset"
    finally:
        writer.close()
    return Bytes(got, end)


def client() -> httpx.AsyncClient:
    """A client that shares nothing with ours; without the 40 ms that loading certificates takes."""
    return httpx.AsyncClient(verify=False, trust_env=False, timeout=10)
