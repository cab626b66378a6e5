"""What the content of a request requires of a model; never read from the model's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import assert_never

import orjson

from wallascli.vocab.chat import (
    ChatRequest,
    Json,
    Media,
    Message,
    Part,
    Refusal,
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
# Signs of work that hold in any language: code, formulas, numbered lists of demands. A price, a date, a telephone
# number or a range is no formula: a lone minus or slash counts only between blanks. No pattern may look far ahead
# from many places: a text made for it would hold the loop for seconds.
_CODE = re.compile(r"```|def \w+\(|[{};][ \t]*\r?\n|</\w+>|SELECT .{1,200} FROM ")
_FORMULA = re.compile(
    r"\$[^$\n]{0,60}[\\^_=][^$\n]{0,60}\$|\\frac|[∑∫√≤≥≠]|\d\s*[*^=+\u00d7\u00f7]\s*\d|\d\s+[-/]\s+\d"
)
_STEPS = re.compile(r"^[ \t]*(?:\d+[.)]|[-*])[ \t]+\S", re.MULTILINE)
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
    plain: bool = True
    """Text and nothing else: every wire can say it."""

    @property
    def window(self) -> int:
        """Tokens the context window must hold."""
        return self.tokens + self.output


def read_needs(request: ChatRequest, *, judge: bool = True) -> Needs:
    """Pure; a few microseconds for a short conversation. ``judge``: whether difficulty matters to anybody."""
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
        tokens += sum(_tool_tokens(tool) for tool in request.tools)
        signals.append("tools")
    form = request.response_format
    structured = form is not None and form.kind == "json_schema"
    if form is not None and form.schema:
        tokens += _json_tokens(form.schema)
    wish = request.reasoning
    reasoning = wish is not None and (wish.effort not in ("", "none", "minimal") or bool(wish.budget))
    difficulty, hints = _difficulty(request.messages) if judge else (0.0, ())
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
        plain=not (kinds or request.tools or form),
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
        case Text(text) | Thought(text) | Refusal(text):
            return _length(text)
        case _:
            assert_never(part)


def _length(text: str) -> int:
    return (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) // _BYTES_PER_TOKEN + 1


def _json_tokens(schema: Json) -> int:
    try:
        return len(orjson.dumps(schema)) // _BYTES_PER_TOKEN
    except orjson.JSONEncodeError:  # nested too deeply: told to the caller when it is to be sent
        return 0


def _tool_tokens(tool: Tool) -> int:
    schema = _json_tokens(tool.parameters) if tool.parameters else 0
    return _length(tool.name) + _length(tool.description) + schema


def _difficulty(messages: tuple[Message, ...]) -> tuple[float, tuple[str, ...]]:
    """From the last message that a person wrote."""
    asked = next((m.text for m in reversed(messages) if m.role is Role.USER and m.text), "")[:_LOOK_AT]
    found = (
        ("code", 0.35, _CODE.search(asked)),
        ("formulas", 0.3, _FORMULA.search(asked)),
        ("several steps", 0.2, "\n" in asked and len(_STEPS.findall(asked)) >= 3),
        ("long question", 0.25, len(asked) > 1_500),
        ("long conversation", 0.1, len(messages) > 12),
    )
    hints = tuple(name for name, _, on in found if on)
    return (min(1.0, sum(weight for _, weight, on in found if on)), hints) if hints else (0.0, ())
