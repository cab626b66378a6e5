"""Reading an OpenAI chat request into words.

Source: the request schema of the official SDK (openai 3.51.0) and what real clients send. ``null`` counts as
absent; fields without a word of ours are kept in ``extra`` by their own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from wallascli.vocab.chat import (
    ChatRequest,
    Json,
    Media,
    Message,
    Origin,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.vocab.failures import NotUnderstood

NAME = "openai"

_ROLES = {role.value: role for role in Role} | {"function": Role.TOOL}
_CHOICES = {"auto": "auto", "none": "none", "required": "required", "any": "required"}
_MESSAGE_WORDS = frozenset(
    "role content name tool_calls tool_call_id refusal reasoning reasoning_content function_call audio".split()
)
_PART_WORDS = frozenset(
    "type text refusal thinking image_url video_url document_url input_audio "
    "file filename file_data file_id".split()
)
_CALL_WORDS = frozenset("id type index function custom".split())
_TOOL_WORDS = frozenset("type function".split())
_FUNCTION_WORDS = frozenset("name description parameters strict".split())
# Read by a function of their own below, or by nobody because they are ours or have no meaning elsewhere.
_STRUCTURED = frozenset(
    "model messages models stream stream_options tools functions function_call tool_choice response_format "
    "reasoning reasoning_effort max_tokens max_completion_tokens stop".split()
)


def _wrong(param: str, wanted: str, got: Any) -> NoReturn:
    raise NotUnderstood(f"'{param}' must be {wanted}, not {_named(got)}.", param=param)


def _named(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _number(param: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong(param, "a number", value)
    return value


def _integer(param: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        _wrong(param, "an integer", value)
    return value


def _text(param: str, value: Any) -> str:
    if not isinstance(value, str):
        _wrong(param, "a string", value)
    return value


def _flag(param: str, value: Any) -> bool:
    if not isinstance(value, bool):
        _wrong(param, "a boolean", value)
    return value


def _object(param: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        _wrong(param, "an object", value)
    return value


def _list(param: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        _wrong(param, "an array", value)
    return value


_PLAIN: dict[str, Callable[[str, Any], Any]] = {
    "temperature": _number,
    "top_p": _number,
    "min_p": _number,
    "top_k": _integer,
    "frequency_penalty": _number,
    "presence_penalty": _number,
    "repetition_penalty": _number,
    "seed": _integer,
    "n": _integer,
    "logprobs": _flag,
    "top_logprobs": _integer,
    "logit_bias": _object,
    "parallel_tool_calls": _flag,
    "user": _text,
}


def parse(body: Json) -> ChatRequest:
    """Raises ``NotUnderstood``, naming the field as OpenAI's errors do."""
    fields: dict[str, Any] = {}
    plain: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in body.items():
        if value is None:
            continue
        if key in _STRUCTURED:
            fields[key] = value
        elif read := _PLAIN.get(key):
            plain[key] = read(key, value)
        else:
            extra[key] = value
    model, models = _names(fields)
    messages = _messages(fields.pop("messages", None), extra)
    if len(fields) > 1:
        plain |= _structured(fields, extra)
    return ChatRequest(model, messages, models=models, extra=extra, origin=Origin(NAME, body), **plain)


def _structured(fields: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """The fields that need more than one look."""
    options = _object("stream_options", fields.get("stream_options", {}))
    extra.update((f"stream_options.{key}", value) for key, value in options.items() if key != "include_usage")
    return {
        "stream": _flag("stream", fields.get("stream", False)),
        "tools": tuple(_tools(fields, extra)),
        "tool_choice": _tool_choice(fields, extra),
        "response_format": _response_format(fields.get("response_format")),
        "reasoning": _reasoning(fields),
        "max_tokens": _max_tokens(fields),
        "stop": _stop(fields.get("stop")),
        "include_usage": bool(options.get("include_usage")),
    }


def _names(fields: Json) -> tuple[str, tuple[str, ...]]:
    models: tuple[str, ...] = ()
    if "models" in fields:
        models = tuple(_text(f"models[{i}]", name) for i, name in enumerate(_list("models", fields["models"])))
    if "model" not in fields and not models:
        raise NotUnderstood("You must provide a 'model'.", param="model")
    model = _text("model", fields.get("model", models[0] if models else "")).strip()
    if not model:
        raise NotUnderstood("'model' is empty.", param="model", hint="ask for `auto` to let the router choose")
    return model, models


def _max_tokens(fields: Json) -> int | None:
    for key in ("max_completion_tokens", "max_tokens"):
        if key in fields:
            if (value := _integer(key, fields[key])) < 1:
                raise NotUnderstood(f"'{key}' must be at least 1.", param=key)
            return value
    return None


def _stop(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(_text(f"stop[{i}]", item) for i, item in enumerate(_list("stop", value)))


def _reasoning(fields: Json) -> Reasoning | None:
    """``reasoning_effort`` is OpenAI's; ``reasoning: {effort, max_tokens, exclude, enabled}`` OpenRouter's."""
    if "reasoning_effort" in fields:
        return Reasoning(effort=_text("reasoning_effort", fields["reasoning_effort"]))
    if "reasoning" not in fields:
        return None
    wish = _object("reasoning", fields["reasoning"])
    effort = wish.get("effort") or ("none" if wish.get("enabled") is False else "")
    exclude = wish.get("exclude")
    return Reasoning(
        effort=_text("reasoning.effort", effort),
        budget=_integer("reasoning.max_tokens", wish["max_tokens"]) if wish.get("max_tokens") else None,
        show=None if exclude is None else not exclude,
    )


def _response_format(value: Any) -> ResponseFormat | None:
    if value is None:
        return None
    wish = _object("response_format", value)
    kind = _text("response_format.type", wish.get("type"))
    if kind not in ("text", "json_object", "json_schema"):
        _wrong("response_format.type", "one of text, json_object, json_schema", kind)
    if kind != "json_schema":
        return ResponseFormat(kind)
    inner = _object("response_format.json_schema", wish.get("json_schema"))
    schema = _object("response_format.json_schema.schema", inner.get("schema") or {})
    return ResponseFormat(kind, str(inner.get("name") or "answer"), schema, inner.get("strict"))


def _tools(fields: Json, extra: dict[str, Any]) -> Iterator[Tool]:
    listed = [*_list("tools", fields.get("tools", []))]
    listed += [{"type": "function", "function": f} for f in _list("functions", fields.get("functions", []))]
    for i, item in enumerate(listed):
        tool = _object(f"tools[{i}]", item)
        if tool.get("type", "function") != "function":
            extra[f"tools.{tool.get('type')}"] = True
            continue
        function = _object(f"tools[{i}].function", tool.get("function"))
        _note_unknown("tools[]", tool, _TOOL_WORDS, extra)
        _note_unknown("tools[].function", function, _FUNCTION_WORDS, extra)
        parameters = function.get("parameters")
        yield Tool(
            name=_text(f"tools[{i}].function.name", function.get("name")),
            description=_text(f"tools[{i}].function.description", function.get("description") or ""),
            parameters=None if parameters is None else _object(f"tools[{i}].function.parameters", parameters),
            strict=function.get("strict"),
        )


def _tool_choice(fields: Json, extra: dict[str, Any]) -> ToolChoice | None:
    wish = fields.get("tool_choice", fields.get("function_call"))
    if wish is None:
        return None
    if isinstance(wish, str):
        if wish not in _CHOICES:
            _wrong("tool_choice", "one of auto, none, required, or an object", wish)
        return ToolChoice(_CHOICES[wish])
    wish = _object("tool_choice", wish)
    if wish.get("type") == "allowed_tools":
        extra["tool_choice.allowed_tools"] = True
        return ToolChoice(_CHOICES.get(str(_object("tool_choice", wish.get("allowed_tools")).get("mode")), "auto"))
    function = _object("tool_choice.function", wish.get("function", wish))
    return ToolChoice("named", _text("tool_choice.function.name", function.get("name")))


def _messages(value: Any, extra: dict[str, Any]) -> tuple[Message, ...]:
    messages = _list("messages", value)
    if not messages:
        raise NotUnderstood("'messages' must not be empty.", param="messages")
    names: dict[str, str] = {}
    return tuple(_message(f"messages[{i}]", item, names, extra) for i, item in enumerate(messages))


def _message(at: str, value: Any, names: dict[str, str], extra: dict[str, Any]) -> Message:
    message = _object(at, value)
    role = _ROLES.get(str(message.get("role")))
    if role is None:
        _wrong(f"{at}.role", f"one of {', '.join(_ROLES)}", message.get("role"))
    if len(message) == 2 and type(content := message.get("content")) is str and content and role is not Role.TOOL:
        return Message(role, (Text(content),))  # nine of ten messages
    _note_unknown("messages[]", message, _MESSAGE_WORDS, extra)
    for field, words in (("content", _PART_WORDS), ("tool_calls", _CALL_WORDS)):
        for inner in items if isinstance(items := message.get(field), list) else ():
            _note_unknown(f"messages[].{field}[]", inner, words, extra)
    parts = tuple(_parts(at, message, role))
    if role is Role.TOOL:
        call_id = _text(f"{at}.tool_call_id", message.get("tool_call_id") or message.get("name") or "")
        given = tuple(part for part in parts if isinstance(part, Text | Media))
        name = names.get(call_id) or str(message.get("name") or "")
        return Message(role, (ToolResult(call_id, given, name),))
    names.update({part.id: part.name for part in parts if isinstance(part, ToolCall)})
    return Message(role, parts, name=str(message.get("name") or ""))


def _note_unknown(at: str, item: Any, words: frozenset[str], extra: dict[str, Any]) -> None:
    """Names of inner fields that other wires cannot be told: they are dropped there, and that is said (P3)."""
    if isinstance(item, dict) and (unknown := item.keys() - words):
        extra.update({f"{at}.{key}": True for key in sorted(unknown) if item[key] is not None})


def _parts(at: str, message: Json, role: Role) -> Iterator[Part]:
    if thought := message.get("reasoning_content") or message.get("reasoning"):
        yield Thought(str(thought), maker=NAME)
    yield from _content(f"{at}.content", message.get("content"))
    if message.get("refusal"):
        yield Refusal(_text(f"{at}.refusal", message["refusal"]))
    if role is Role.ASSISTANT:
        yield from _calls(at, message)


def _content(at: str, content: Any) -> Iterator[Part]:
    if content is None:
        return
    if isinstance(content, str):
        if content:
            yield Text(content)
        return
    if not isinstance(content, list):
        _wrong(at, "a string or an array of parts", content)
    for i, item in enumerate(content):
        part = _object(f"{at}[{i}]", item)
        read = _PARTS.get(str(part.get("type")))
        if read is None:
            _wrong(f"{at}[{i}].type", f"one of {', '.join(_PARTS)}", part.get("type"))
        yield read(f"{at}[{i}]", part)


def _calls(at: str, message: Json) -> Iterator[ToolCall]:
    calls = _list(f"{at}.tool_calls", message.get("tool_calls") or [])
    if legacy := message.get("function_call"):
        name = _object(f"{at}.function_call", legacy).get("name")
        calls = [*calls, {"id": name, "function": legacy}]
    for i, item in enumerate(calls):
        call = _object(f"{at}.tool_calls[{i}]", item)
        function = _object(f"{at}.tool_calls[{i}].function", call.get("function") or call.get("custom"))
        arguments = function.get("arguments", function.get("input"))
        yield ToolCall(
            id=_text(f"{at}.tool_calls[{i}].id", call.get("id") or ""),
            name=_text(f"{at}.tool_calls[{i}].function.name", function.get("name")),
            arguments=_text(f"{at}.tool_calls[{i}].function.arguments", arguments or ""),
        )


def media(url: str, mime: str, *, name: str = "", detail: str = "") -> Media:
    """A URL or ``data:`` URL as a part; ``mime`` holds where the URL does not say. Nothing is decoded."""
    if url.startswith("data:"):
        head, _, content = url[5:].partition(",")
        told, *flags = head.split(";")
        if "base64" in flags:
            return Media(told or mime, base64=content, name=name, detail=detail)
    return Media(mime, url=url, name=name, detail=detail)


def _text_part(at: str, part: Json) -> Part:
    return Text(_text(f"{at}.text", part.get("text")))


def _url_part(mime: str) -> Callable[[str, Json], Part]:
    def read(at: str, part: Json) -> Part:
        key = part["type"]
        inner = part.get(key)
        # Mistral takes a bare string where OpenAI has an object (its SDK 3.7.0).
        wish = {"url": inner} if isinstance(inner, str) else _object(f"{at}.{key}", inner)
        return media(_text(f"{at}.{key}.url", wish.get("url")), mime, detail=str(wish.get("detail") or ""))

    return read


def _audio_part(at: str, part: Json) -> Part:
    inner = part.get("input_audio")
    wish = {"data": inner} if isinstance(inner, str) else _object(f"{at}.input_audio", inner)
    content = _text(f"{at}.input_audio.data", wish.get("data"))
    mime = f"audio/{wish.get('format') or 'wav'}"
    return media(content, mime) if content.startswith("data:") else Media(mime, base64=content)


def _file_part(at: str, part: Json) -> Part:
    wish = _object(f"{at}.file", part.get("file") or part)
    name = str(wish.get("filename") or "")
    if wish.get("file_id"):
        return Media("application/octet-stream", file_id=str(wish["file_id"]), name=name)
    content = _text(f"{at}.file.file_data", wish.get("file_data"))
    mime = "application/pdf" if name.lower().endswith(".pdf") or not name else "application/octet-stream"
    if content.startswith(("data:", "http://", "https://")):
        return media(content, mime, name=name)
    return Media(mime, base64=content, name=name)


def _thinking_part(at: str, part: Json) -> Part:
    pieces = part.get("thinking")
    texts = [p.get("text") for p in pieces if isinstance(p, dict)] if isinstance(pieces, list) else [pieces]
    return Thought("".join(_text(f"{at}.thinking", text or "") for text in texts), maker=NAME)


def _refusal_part(at: str, part: Json) -> Part:
    return Refusal(_text(f"{at}.refusal", part.get("refusal")))


_PARTS: dict[str, Callable[[str, Json], Part]] = {
    "text": _text_part,
    "input_text": _text_part,
    "image_url": _url_part("image/*"),
    "video_url": _url_part("video/*"),
    "document_url": _url_part("application/pdf"),
    "input_audio": _audio_part,
    "file": _file_part,
    "refusal": _refusal_part,
    "thinking": _thinking_part,
}
