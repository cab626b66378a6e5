"""What the content of a request requires of a model; never read from the model's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

import orjson

from wallascli.vocab.chat import (
    ChatRequest,
    Media,
    Message,
    Part,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from wallascli.vocab.models import Modality

# Rough on purpose: UTF-8 bytes per token come to 3.5-4.5 in European languages and to about 3 in Chinese.
_BYTES_PER_TOKEN = 4
_MEDIA_TOKENS = {"image": 1_000, "audio": 2_000, "video": 8_000, "pdf": 8_000, "file": 4_000}
_MODALITIES = {m.value: m for m in Modality}
# Signs of work that hold in any language: code, formulas, numbered lists of demands.
_CODE = re.compile(r"```|def \w+\(|[{};]\s*\n|</\w+>|SELECT .+ FROM ")
_FORMULA = re.compile(r"\$\$?.+?\$|\\frac|[∑∫√≤≥≠]|\b\d+\s*[-+*/^=]\s*\d+")
_STEPS = re.compile(r"^\s*(?:\d+[.)]|[-*])\s+\S", re.MULTILINE)
# Enough text to judge by; a pasted book is not harder for being long.
_LOOK_AT = 8_000
_NOTHING: frozenset[Modality] = frozenset()


@dataclass(frozen=True, slots=True)
class Needs:
    """``tokens`` is an estimate of the prompt with its tools; ``difficulty`` 0..1; ``signals`` says why."""

    takes: frozenset[Modality] = frozenset()
    tools: bool = False
    structured: bool = False
    reasoning: bool = False
    tokens: int = 0
    output: int = 0
    difficulty: float = 0.0
    signals: tuple[str, ...] = ()

    @property
    def window(self) -> int:
        """Tokens the context window must hold."""
        return self.tokens + self.output


def read_needs(request: ChatRequest) -> Needs:
    """Pure; a few microseconds for a short conversation."""
    kinds: set[str] = set()
    tokens, signals = 0, []
    for message in request.messages:
        for part in message.parts:
            tokens += _length(part.text) if type(part) is Text else _tokens(part, kinds)
    takes = _NOTHING
    if kinds:
        takes = frozenset(_MODALITIES[kind] for kind in kinds if kind in _MODALITIES)
        signals += [f"{kind} input" for kind in sorted(kinds)]
    if request.tools:
        tokens += sum(_schema_tokens(tool) for tool in request.tools)
        signals.append("tools")
    structured = request.response_format is not None and request.response_format.kind == "json_schema"
    reasoning = request.reasoning is not None and request.reasoning.effort not in ("", "none", "minimal")
    difficulty, hints = _difficulty(request.messages)
    signals += [word for word, on in (("schema", structured), ("reasoning asked", reasoning)) if on]
    return Needs(
        takes=takes,
        tools=bool(request.tools),
        structured=structured,
        reasoning=reasoning,
        tokens=tokens,
        output=request.max_tokens or 0,
        difficulty=difficulty,
        signals=(*signals, *hints),
    )


def _tokens(part: Part, kinds: set[str]) -> int:
    match part:
        case Media(kind=kind):
            kinds.add(kind)
            return _MEDIA_TOKENS[kind]
        case ToolCall(name=name, arguments=arguments):
            return _length(name) + _length(arguments)
        case ToolResult(parts=parts):
            return sum(_tokens(inner, kinds) for inner in parts)
        case Text(text) | Thought(text):
            return _length(text)
        case _:
            return _length(part.text)


def _length(text: str) -> int:
    return (len(text) if text.isascii() else len(text.encode())) // _BYTES_PER_TOKEN + 1


def _schema_tokens(tool: Tool) -> int:
    schema = len(orjson.dumps(tool.parameters)) // _BYTES_PER_TOKEN if tool.parameters else 0
    return _length(tool.name) + _length(tool.description) + schema


def _difficulty(messages: tuple[Message, ...]) -> tuple[float, tuple[str, ...]]:
    """From the last message that a person wrote."""
    asked = next((m.text for m in reversed(messages) if m.role is Role.USER and m.parts), "")[:_LOOK_AT]
    found = (
        ("code", 0.35, _CODE.search(asked)),
        ("formulas", 0.3, _FORMULA.search(asked)),
        ("several steps", 0.2, "\n" in asked and len(_STEPS.findall(asked)) >= 3),
        ("long question", 0.25, len(asked) > 1_500),
        ("long conversation", 0.1, len(messages) > 12),
    )
    hints = tuple(name for name, _, on in found if on)
    return (min(1.0, sum(weight for _, weight, on in found if on)), hints) if hints else (0.0, ())
