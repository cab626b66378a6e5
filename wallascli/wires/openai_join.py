"""A stream of OpenAI chunks as the plain answer that the same provider would have given.

Used where we ask for a stream and the client did not: what has no word of ours (OpenRouter's ``cost`` and
``reasoning_details``, Groq's ``queue_time``, Azure's ``content_filter_results``) must not be lost by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from wallascli.vocab.chat import Json
from wallascli.wires.framing import sse_data
from wallascli.wires.openai_reader import DONE, CallNumbers, loads

# Padding and token numbers: they belong to the pieces, not to the answer.
_OF_PIECES = frozenset("obfuscation p padding token_id token_ids".split())
# Whose pieces are text; any other string is told whole each time (Groq's ``channel``).
_GROWS = ("content", "reasoning", "thinking", "refusal", "text", "transcript", "plan")
_GROWS_IN_ITEM = frozenset({"text", "summary"})


def join(frames: Iterable[bytes]) -> bytes:
    """The plain body. Raises ``Malformed``."""
    body: dict[str, Any] = {}
    choices: dict[int, _Choice] = {}
    for frame in frames:
        if frame.lstrip()[:1] == b"{":
            return frame  # it came plainly, whatever was asked
        data = sse_data(frame)
        if data is None or data == DONE or not data.strip():
            continue
        chunk = loads(data)
        for choice in chunk.pop("choices", None) or ():
            choices.setdefault(choice.get("index") or 0, _Choice()).add(choice)
        _beside(body, chunk)
    _usage(body)
    body["object"] = "chat.completion"
    body["choices"] = [{"index": index, **choice.whole()} for index, choice in sorted(choices.items())]
    return orjson.dumps(body)


def _beside(body: dict[str, Any], chunk: Json) -> None:
    for key, value in chunk.items():
        if key == "x_groq" and isinstance(value, dict):
            body[key] = {**body.get(key, {}), **value}
        elif key in ("id", "model", "created"):
            # Azure's first chunk leaves them empty (azure/chat-stream-gpt-5-2-2025-12-11-dd-trace-py-1a2428).
            body[key] = body.get(key) or value
        elif key not in _OF_PIECES and (value or key not in body):
            body[key] = value


def _usage(body: dict[str, Any]) -> None:
    """Groq's older streams tell it nowhere else (groq/chat-stream-llama3-70b-8192-agentops-b2f3ed)."""
    groq = body.get("x_groq") or {}
    if not body.get("usage") and groq.get("usage"):
        body["usage"] = groq["usage"]
        body["x_groq"] = {key: value for key, value in groq.items() if key != "usage"}


class _Choice:
    """One choice while it grows."""

    def __init__(self) -> None:
        self._said: dict[str, Any] = {}
        self._message: dict[str, Any] = {}
        self._calls: list[dict[str, Any]] = []
        self._numbers = CallNumbers()

    def add(self, choice: Json) -> None:
        for key, value in choice.items():
            old = self._said.get(key)
            if key in ("delta", "message"):
                self._add_message(value or {})
            elif isinstance(value, dict) and isinstance(old, dict):
                self._said[key] = _merged(old, value)
            elif key not in _OF_PIECES and (old is None or (value is not None and not key.endswith("reason"))):
                self._said[key] = value  # OpenRouter repeats its finish reason: the first one counts

    def _add_message(self, delta: Json) -> None:
        message = self._message
        for key, value in delta.items():
            if key == "tool_calls":
                self._add_calls(value or ())
            elif key == "content":
                message[key] = _content(message.get(key), value)
            elif key not in _OF_PIECES:
                message[key] = _more(key, message.get(key), value)

    def _add_calls(self, pieces: Iterable[Json]) -> None:
        for piece in pieces:
            kind = "custom" if piece.get("custom") else "function"
            function = piece.get(kind) or {}
            number, begins = self._numbers.of(piece, function, 0)
            if begins:
                self._calls.append({**{k: v for k, v in piece.items() if k != "index"}, kind: dict(function)})
                continue
            call = self._calls[number]
            call.update({k: v for k, v in piece.items() if k not in ("index", "id", "type", kind) and v})
            call[kind] = _grown(call.get(kind) or {}, {k: v for k, v in function.items() if k != "name"})

    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", **self._message}
        if self._calls:
            message["tool_calls"] = self._calls
            message["content"] = message.get("content") or None
        else:
            message.setdefault("content", "")
        said = {key: value for key, value in self._said.items() if key != "index"}
        return {**said, "message": message, "finish_reason": said.get("finish_reason") or "stop"}


def _more(key: str, old: Any, value: Any) -> Any:
    match old, value:
        case str(), str() if key.endswith(_GROWS):
            return old + value
        case list(), list():
            return _listed(old, value)
        case dict(), dict():
            return _grown(old, value)
        case _:
            return old if value is None else value


def _content(old: Any, piece: Any) -> Any:
    """A string, or Mistral's list of parts, which may turn to strings in the same stream."""
    if not piece:
        return piece if old is None else old
    if not old:
        return piece
    if isinstance(old, str) and isinstance(piece, str):
        return old + piece
    parts = [_as_part(part) for part in (old if isinstance(old, list) else [old])]
    for part in map(_as_part, piece if isinstance(piece, list) else [piece]):
        if parts and parts[-1].get("type") == part.get("type"):
            parts[-1] = _grown(parts[-1], part)
        else:
            parts.append(part)
    return parts


def _as_part(part: Any) -> dict[str, Any]:
    return {"type": "text", "text": part} if isinstance(part, str) else dict(part)


def _grown(old: Json, piece: Json) -> dict[str, Any]:
    """An object whose texts come in pieces: arguments of a call, sound, a thinking part."""
    grown = dict(old)
    for key, value in piece.items():
        before = grown.get(key)
        if isinstance(before, str) and isinstance(value, str) and key in ("arguments", "input", "data", *_GROWS):
            grown[key] = before + value
        elif isinstance(before, list) and isinstance(value, list):
            grown[key] = _joined_texts([*before, *value])
        elif value is not None:
            grown[key] = value
    return grown


def _joined_texts(parts: list[Any]) -> list[Any]:
    """Mistral's thinking is a list of text parts: one where there were many pieces."""
    if all(isinstance(part, dict) and part.get("type") == "text" for part in parts):
        return [{**parts[0], "text": "".join(str(part.get("text") or "") for part in parts)}]
    return parts


def _merged(old: Json, new: Json) -> dict[str, Any]:
    """Lists (log-probabilities) grow, everything else is told anew."""
    return {**old, **{key: _longer(old.get(key), value) for key, value in new.items() if value is not None}}


def _longer(old: Any, value: Any) -> Any:
    return [*old, *value] if isinstance(old, list) and isinstance(value, list) else value


def _listed(old: list[Any], pieces: list[Any]) -> list[Any]:
    """A list told in pieces. OpenRouter's ``reasoning_details`` number theirs, and one grows over many chunks."""
    items = list(old)
    for piece in pieces:
        at = next((i for i, item in enumerate(items) if _same_item(item, piece)), None)
        if at is None:
            items.append(piece)
        else:
            items[at] = {
                **items[at],
                **{
                    key: items[at][key] + value if key in _GROWS_IN_ITEM and items[at].get(key) else value
                    for key, value in piece.items()
                    if value is not None
                },
            }
    return items


def _same_item(item: Any, piece: Any) -> bool:
    if not (isinstance(item, dict) and isinstance(piece, dict)) or "index" not in piece:
        return False
    return all(item.get(key) == piece.get(key) for key in ("index", "type")) and (
        item.get("id") is None or piece.get("id") in (None, item["id"])
    )
