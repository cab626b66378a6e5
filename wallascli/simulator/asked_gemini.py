"""Reading a generateContent request; keys in camelCase or snake_case, as the real one takes them."""

from __future__ import annotations

import re

from wallascli.simulator.js import JsonObject, arr, compact, obj, strings, txt, whole
from wallascli.simulator.question import Call, Malformed, Media, Question, Tool, Turn, media
from wallascli.simulator.routes import Target

ROLES = ("user", "model", "function", "")


def key(body: JsonObject, name: str) -> object:
    """A value by its camelCase name, or by the same in snake_case."""
    return body[name] if name in body else body.get(re.sub(r"([A-Z])", r"_\1", name).lower())


def read(target: Target, body: JsonObject, checked: bool) -> Question:
    """The question in a request body. Raises Malformed."""
    contents = [obj(content) for content in arr(body.get("contents"))]
    if not contents:
        raise Malformed("* GenerateContentRequest.contents: contents is not specified")
    if checked:
        _check(contents)
    config = obj(key(body, "generationConfig"))
    system = " ".join(txt(obj(part).get("text")) for part in arr(obj(key(body, "systemInstruction")).get("parts")))
    turns = [turn for content in contents for turn in _turns(content)]
    return Question(
        turns=(*((Turn("system", system),) if system else ()), *turns),
        stream=target.stream is True,
        tools=tuple(_tools(body)),
        choice=_choice(obj(key(obj(key(body, "toolConfig")), "functionCallingConfig"))),
        json=key(config, "responseMimeType") == "application/json",
        schema=key(config, "responseSchema") or key(config, "responseJsonSchema"),
        limit=whole(key(config, "maxOutputTokens")),
        stops=strings(key(config, "stopSequences")),
        n=whole(key(config, "candidateCount")) or 1,
        think=key(obj(key(config, "thinkingConfig")), "includeThoughts") is True,
    )


def _turns(content: JsonObject) -> list[Turn]:
    """One content as turns: each function response is one of its own."""
    parts = [obj(part) for part in arr(content.get("parts"))]
    replies = [
        Turn("tool", compact(obj(reply).get("response")), name=txt(obj(reply).get("name")))
        for part in parts
        if (reply := key(part, "functionResponse"))
    ]
    text = "".join(txt(part.get("text")) for part in parts if part.get("thought") is not True)
    calls = tuple(
        Call(txt(obj(call).get("name")), compact(obj(obj(call).get("args"))), txt(obj(call).get("id")))
        for part in parts
        if (call := key(part, "functionCall"))
    )
    seen = tuple(item for part in parts if (item := _media(part)))
    if replies and not (text or calls or seen):
        return replies
    role = "assistant" if content.get("role") == "model" else "user"
    return [*replies, Turn(role, text, calls, seen)]


def _media(part: JsonObject) -> Media | None:
    inline, linked = obj(key(part, "inlineData")), obj(key(part, "fileData"))
    if inline:
        kind = txt(key(inline, "mimeType")).split("/")[0]
        # Google's own SDK sends the URL-safe alphabet [gemini/audio-in-gemini-2-5-flash-mirascope-5ac6a5].
        encoded = txt(inline.get("data")).translate(str.maketrans("-_", "+/"))
        return media(kind if kind in ("image", "audio", "video") else "file", encoded)
    return Media("file", url=txt(key(linked, "fileUri"))) if linked else None


def _tools(body: JsonObject) -> list[Tool]:
    declared = [obj(one) for tool in arr(body.get("tools")) for one in arr(key(obj(tool), "functionDeclarations"))]
    return [
        Tool(txt(one.get("name")), one.get("parameters") or key(one, "parametersJsonSchema")) for one in declared
    ]


def _choice(config: JsonObject) -> str:
    allowed = strings(key(config, "allowedFunctionNames"))
    if config.get("mode") == "ANY":
        return allowed[0] if len(allowed) == 1 else "required"
    return "none" if config.get("mode") == "NONE" else "auto"


def _check(contents: list[JsonObject]) -> None:
    """What Gemini refuses. Raises Malformed."""
    called = 0
    for content in contents:
        if txt(content.get("role")) not in ROLES:
            raise Malformed("Please use a valid role: user, model.")
        parts = [obj(part) for part in arr(content.get("parts"))]
        if not parts:
            raise Malformed("* GenerateContentRequest.contents.parts: contents.parts must not be empty.")
        replies = sum(1 for part in parts if key(part, "functionResponse"))
        if replies != called:
            raise Malformed(
                "Please ensure that the number of function response parts is equal to the number of function "
                "call parts of the function call turn."
            )
        called = sum(1 for part in parts if key(part, "functionCall"))
