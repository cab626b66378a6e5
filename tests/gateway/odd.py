"""Bodies that no client should send, and bytes that are no HTTP; a raw socket to send them with."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from typing import Any

GOOD: dict[str, Any] = {"model": "well:sim", "messages": [{"role": "user", "content": "hello"}]}

# Fields of a chat whose wrong type must be named; each stands in a body that is good otherwise.
FIELDS = (
    "model models messages stream stream_options tools tool_choice response_format reasoning reasoning_effort "
    "max_tokens max_completion_tokens stop temperature top_p min_p top_k frequency_penalty presence_penalty seed n "
    "logprobs top_logprobs logit_bias parallel_tool_calls user functions function_call modalities metadata"
).split()

VALUES: tuple[Any, ...] = (
    "text",
    "",
    0,
    -1,
    4,
    1e308,
    1.5,
    True,
    False,
    None,
    [],
    [None],
    [[]],
    [1],
    ["x"],
    [{}],
    {},
    {"type": None},
    {"type": "function"},
    {"type": "function", "function": None},
    {"type": "json_schema", "json_schema": 3},
    [{"type": "function", "function": {"name": 7}}],
    [{"type": "function", "function": {"name": "f", "parameters": "no"}}],
    [{"role": None}],
    [{"role": "user"}],
    [{"role": "user", "content": 5}],
    [{"role": "user", "content": {}}],
    [{"role": "user", "content": [None]}],
    [{"role": "user", "content": [{"type": "text"}]}],
    [{"role": "user", "content": [{"type": "image_url"}]}],
    [{"role": "user", "content": [{"type": "image_url", "image_url": 9}]}],
    [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}],
    [{"role": "user", "content": [{"type": "input_audio", "input_audio": []}]}],
    [{"role": "user", "content": [{"type": "file", "file": "x"}]}],
    [{"role": "user", "content": [{"type": "no such part"}]}],
    [{"role": "assistant", "tool_calls": "x"}],
    [{"role": "assistant", "tool_calls": [None]}],
    [{"role": "assistant", "tool_calls": [{"id": 1, "function": {"arguments": {}}}]}],
    [{"role": "tool", "content": "x"}],
    [{"role": "tool", "tool_call_id": [], "content": None}],
    [{"role": "nobody", "content": "x"}],
)

# A body with something of everything, to be spoilt in one place at a time.
RICH: dict[str, Any] = {
    "model": "well:sim",
    "models": ["well:sim"],
    "messages": [
        {"role": "system", "content": "be brief", "name": "s"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "hello"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {
                    "type": "file",
                    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}],
            "reasoning_content": "hm",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "42"}]},
        {"role": "user", "content": "and now?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "f",
                "description": "does it",
                "strict": True,
                "parameters": {
                    "type": "object",
                    "properties": {"x": {"type": "string", "enum": ["a"]}},
                    "required": [],
                },
            },
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
    },
    "stream_options": {"include_usage": True},
    "reasoning": {"effort": "low", "max_tokens": 9, "exclude": False},
    "stop": ["END"],
    "logit_bias": {"5": 1},
    "metadata": {"a": "b"},
    "modalities": ["text"],
    "max_tokens": 50,
    "temperature": 0.5,
    "n": 1,
    "seed": 1,
    "user": "u",
}


def places(node: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value inside a JSON value."""
    found = [above] if above else []
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found += places(node[key], (*above, key))
    return found


def spoilt(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy of a body with another value at one place."""
    copy = deepcopy(body)
    node = copy
    for key in place[:-1]:
        node = node[key]
    node[place[-1]] = value
    return copy


ODD: tuple[Any, ...] = (None, 5, -1.5, True, "", "odd", [], {}, [None], {"a": None})

# Bytes that are no JSON object, or none that can be answered.
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"  \n",
    "no json": b"hello",
    "half": b'{"model": "well:sim", "messages": [',
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "a string": b'"x"',
    "not utf-8": b'{"model": "\xff\xfe"}',
    "a lone surrogate": b'{"model":"well:sim","messages":[{"role":"user","content":"\\ud800 \\udfff"}]}',
    "deep lists": b'{"model":"well:sim","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "a comment": b'{"model": "well:sim" /* me */}',
    "not a number": b'{"model":"well:sim","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
    "two objects": b'{"model":"well:sim"}{"model":"well:sim"}',
    "a nul": b'{"model":"well:sim"\x00}',
    "utf-16": '{"model": "well:sim"}'.encode("utf-16"),
}

# Sent as they are; whatever comes back, the gateway lives on.
NO_HTTP: dict[str, bytes] = {
    "noise": bytes(range(256)) * 8,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /health\r\n\r\n",
    "a wrong version": b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "an old client": b"GET /health HTTP/1.0\r\n\r\n",
    "a header without end": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 100_000,
    "a thousand headers": b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: b\r\n" * 1000 + b"\r\n",
    "a header with a nul": b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: \x00\r\n\r\n",
    "a long path": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a proxy's request": b"GET http://localhost/health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "connect": b"CONNECT example.org:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "two lengths": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\nhello!",
    "both codings": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "a broken chunk": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    "no gzip": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
    b"Content-Length: 5\r\n\r\nhello",
    "half a gzip": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
    b"Content-Length: 12\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56",
    "half a body": b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{",
    "an upgrade": b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}


async def exchange(port: int, sent: bytes, silence: float = 0.5) -> bytes:
    """Send bytes as they are; what comes back until the other side ends it or is silent so many seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    got = b""
    try:
        writer.write(sent)
        while part := await asyncio.wait_for(reader.read(1 << 16), silence):
            got += part
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
    return got


def status_of(answer: bytes) -> int:
    """The status of a raw HTTP answer; 0 if it is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if words[0].startswith(b"HTTP/") and words[1].isdigit() else 0
