"""How providers that speak the OpenAI wire differ, as far as recordings show: one row each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """`usage`: own (a frame of its own, when asked for), always (the same, unasked), finish, both or each frame."""

    reasoning: str = "reasoning_content"
    usage: str = "own"
    done: bool = True
    whole_calls: bool = False  # a call comes in one delta
    calls_at_end: bool = False  # in the delta that carries the finish reason
    call_id: str = "call_{:024d}"
    id: str = "chatcmpl-sim{:08d}"
    role_each: bool = False
    comments: bool = False
    sparse: bool = False  # no finish_reason key until the end
    opening: bool = False  # a first frame with empty choices
    thinking_parts: bool = False  # thoughts as a list of content parts


PLAIN = Quirks()

QUIRKS = {
    "groq": Quirks("reasoning", "both", whole_calls=True, call_id="{:09d}"),
    "cerebras": Quirks("reasoning", "finish", done=False, call_id="{:09x}", sparse=True),
    "mistral": Quirks(
        "", "finish", whole_calls=True, calls_at_end=True, call_id="{:09d}", id="{:032x}", thinking_parts=True
    ),
    "openrouter": Quirks("reasoning", "always", id="gen-1763633000-{:020d}", role_each=True, comments=True),
    "nvidia": Quirks(
        "reasoning_content",
        "each",
        whole_calls=True,
        calls_at_end=True,
        id="chat-{:032x}",
        call_id="chatcmpl-tool-{:032x}",
    ),
    "huggingface": Quirks("reasoning", "finish", whole_calls=True),
    "ollama": Quirks(
        "reasoning", "own", whole_calls=True, call_id="call_{:08d}", id="chatcmpl-{:03d}", role_each=True
    ),
    "azure": Quirks("", "own", opening=True),
    "github": Quirks("", "own", opening=True),
    "gemini": Quirks("", "each", whole_calls=True, call_id=""),
    "pollinations": Quirks("reasoning_content", "own", id="chatcmpl-{:032x}"),
    "sambanova": Quirks("reasoning", "always"),
}
