"""Fields inside an OpenAI caller's messages and tools that no word of ours holds: sent on to its own wire, named as
dropped for the others (P3)."""

from __future__ import annotations

from typing import Any

import pytest

from wallascli.wires import WIRES
from wallascli.wires.base import Quirks
from wallascli.wires.openai_chat import IN

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "f", "arguments": "{}"},
                    "extra_content": {"google": {"thought_signature": "s"}},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "done", "x_tool": 1, "x_null": None},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}, "x_of": 1}, "x_around": 2}],
}
INNER = {
    "messages[].content[].cache_control",
    "messages[].tool_calls[].extra_content",
    "messages[].x_tool",
    "tools[].function.x_of",
    "tools[].x_around",
}


@pytest.mark.parametrize("name", sorted(name for name, wire in WIRES.items() if wire.outbound and name != "openai"))
def test_another_wire_names_them_as_dropped(name: str) -> None:
    out = WIRES[name].outbound
    assert out is not None
    sent = out.render(IN.parse(BODY), "m", stream=False, quirks=Quirks())
    assert {one for one in sent.dropped if "[]" in one} == INNER


def test_the_same_wire_sends_them_as_they_came() -> None:
    out = WIRES["openai"].outbound
    assert out is not None
    sent = out.render(IN.parse(BODY), "m", stream=False, quirks=Quirks())
    assert sent.body == BODY
    assert sent.dropped == ()
