"""A conversation in Anthropic's turns: system apart, roles that alternate, results first, ids it accepts."""

from __future__ import annotations

import base64
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from wallascli.vocab.chat import Media, Message, Part, Refusal, Role, Text, Thought, ToolCall, ToolResult
from wallascli.wires.bodies import as_object

NAME = "anthropic"

_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_NOT_OF_AN_ID = re.compile(r"[^a-zA-Z0-9_-]")
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

Block = dict[str, Any]


def conversation(
    messages: Iterable[Message], dropped: list[str], *, own: bool
) -> tuple[list[Block], list[dict[str, Any]]]:
    """The system blocks and the turns. ``own`` is a conversation that came in this dialect.

    System messages go to the top in their order, those from the middle too: the role inside ``messages`` is
    understood by some models only. Without any other message they are the question.
    """
    writer = _Writer(dropped, own=own)
    for message in messages:
        writer.add(message)
    if not writer.turns and writer.system:
        return [], [{"role": "user", "content": writer.system}]
    return writer.system, [
        {"role": role, "content": sorted(blocks, key=lambda block: block["type"] != "tool_result")}
        for role, blocks in writer.turns
    ]


class _Writer:
    """The turns while they grow: neighbours of one role become one turn."""

    def __init__(self, dropped: list[str], *, own: bool) -> None:
        self.system: list[Block] = []
        self.turns: list[tuple[str, list[Block]]] = []
        self._dropped = dropped
        self._own = own
        self._ids = _Ids()

    def add(self, message: Message) -> None:
        if message.name:
            self._dropped.append("messages[].name")
        parts = message.parts
        if message.role in _SYSTEM:
            self.system += [block for part in parts if isinstance(part, Text) for block in _text(part.text)]
            parts = tuple(part for part in parts if not isinstance(part, Text))
        blocks = [block for part in parts for block in self._blocks(part)]
        if message.role is Role.ASSISTANT and any(isinstance(part, Media) for part in parts):
            # Only users show pictures there.
            blocks = [block for block in blocks if block["type"] not in ("image", "document")]
            self._dropped.append("messages[].content")
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if blocks and self.turns and self.turns[-1][0] == role:
            self.turns[-1][1].extend(blocks)
        elif blocks:
            self.turns.append((role, blocks))

    def _blocks(self, part: Part) -> Iterator[Block]:
        match part:
            case Text(text) | Refusal(text):
                yield from _text(text)
            case Thought():
                yield from self._thought(part)
            case Media():
                yield from self._media(part)
            case ToolCall(call_id, name, arguments):
                used = self._ids.of_call(call_id)
                yield {"type": "tool_use", "id": used, "name": name, "input": as_object(arguments)}
            case ToolResult():
                yield self._result(part)
            case _:
                assert_never(part)

    def _thought(self, thought: Thought) -> Iterator[Block]:
        """Only its own, and only signed: anything else is a 400."""
        if thought.maker != NAME or not thought.signature:
            self._dropped.append("messages[].reasoning")
        elif thought.redacted:
            yield {"type": "redacted_thinking", "data": thought.signature}
        else:
            yield {"type": "thinking", "thinking": thought.text, "signature": thought.signature}

    def _media(self, part: Media) -> Iterator[Block]:
        if part.detail:
            self._dropped.append("messages[].image_url.detail")
        if unsayable(part, own=self._own):
            self._dropped.append("messages[].content")
        elif part.kind == "image":
            yield {"type": "image", "source": _source(part)}
        else:
            yield {"type": "document", "source": _source(part), **({"title": part.name} if part.name else {})}

    def _result(self, result: ToolResult) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": self._ids.of_result(result.call_id)}
        if all(isinstance(part, Text) for part in result.parts):
            block["content"] = result.text
        else:
            block["content"] = [inner for part in result.parts for inner in self._blocks(part)]
        if result.is_error:
            block["is_error"] = True
        return block


class _Ids:
    """Call ids as the API takes them: letters, digits, ``_`` and ``-``, each used once.

    Other makers' ids have dots and colons, repeat from turn to turn, or are empty (Gemini's OpenAI route); so a
    result is led to the oldest call of its id that has none yet.
    """

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._waiting: defaultdict[str, deque[str]] = defaultdict(deque)

    def of_call(self, given: str) -> str:
        plain = clean = _plain(given)
        number = 2
        while clean in self._used:
            clean, number = f"{plain}_{number}", number + 1
        self._used.add(clean)
        self._waiting[given].append(clean)
        return clean

    def of_result(self, given: str) -> str:
        waiting = self._waiting[given]
        return waiting.popleft() if waiting else _plain(given)


def _plain(given: str) -> str:
    return _NOT_OF_AN_ID.sub("_", given) or "call"


def _text(text: str) -> Iterator[Block]:
    """Blocks of nothing but white space are a 400 there."""
    if text.strip():
        yield {"type": "text", "text": text}


def unsayable(part: Media, *, own: bool) -> str:
    """Why ``part`` cannot be said, or "". File ids only mean something to the provider that gave them."""
    if part.file_id:
        return "" if own else "file id of another provider"
    if part.kind == "image":
        return f"image of type {part.mime}" if part.base64 and part.mime not in _IMAGES else ""
    if part.kind == "pdf" or (part.kind == "file" and _document_text(part) is not None):
        return ""
    return f"{part.kind} input"


def _source(part: Media) -> Block:
    if part.file_id:
        return {"type": "file", "file_id": part.file_id}
    if part.url:
        return {"type": "url", "url": part.url}
    text = _document_text(part) if part.kind == "file" else None
    if text is not None:
        return {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "base64", "media_type": part.mime, "data": part.base64}


def _document_text(part: Media) -> str | None:
    if not part.mime.startswith("text/") or not part.base64:
        return None
    try:
        return base64.b64decode(part.base64).decode()
    except ValueError:
        return None
