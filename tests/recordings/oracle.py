"""What each recorded chat says, read naively and without one line of ours: the judge of the wires.

    python tests/recordings/oracle.py          writes expected.json beside this file

How usage is read. Ours is ``input`` with everything cached, ``output`` with everything thought, and the
provider's own total is right wherever it gives one.

openai      prompt_tokens, completion_tokens; the last report counts (NVIDIA repeats it on every chunk, OpenRouter
            sends it twice, Groq has it in ``x_groq`` as well). Two providers leave a part of the total out of
            both: Gemini's OpenAI route keeps thinking out of completion_tokens (35 + 12, total 109), Mistral keeps
            sound out of prompt_tokens (11 + 15, total 401, audio_tokens 375). What is missing is input if it is
            exactly audio_tokens, else output. Together and Mistral say cached_tokens/num_cached_tokens outside
            the details. Grok on Azure counts a hidden prompt of its own as cached and nowhere else (24 in, 161
            cached, total 40): cached is at most the input, else "input less cached" would be negative.
gemini      promptTokenCount + toolUsePromptTokenCount in, candidatesTokenCount + thoughtsTokenCount out: in all
            51 recordings this is totalTokenCount.
anthropic   input_tokens excludes both caches, so the three are added. message_delta replaces message_start, key
            by key.
cohere      ``tokens``, not ``billed_units``: what the model read and wrote, template included. image_tokens lie
            outside tokens.input_tokens (34 against 259 for one picture) and are added; reasoning_tokens lie inside
            tokens.output_tokens.
ollama      prompt_eval_count (0 if a cached prompt left it out), eval_count.

How the rest is read. ``tool_plan`` (Cohere) is a thought: it tells what the model is about to do and comes without
any answer. Calls that the provider runs itself (Anthropic's server and MCP tools, Gemini's code, Groq's
executed_tools) are not calls. An answer that stopped with a call for the caller in it ended for that call, also
where the provider says "stop" (Gemini and Ollama always, OpenAI when the tool was forced).
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROVIDERS = [folder.name for folder in sorted(HERE.iterdir()) if folder.is_dir() and folder.name[0] not in "._"]

ADDRESSES = {
    "openai": r"/chat/completions$|pollinations\.ai/openai$",
    "gemini": r"/models/[^/]+:(generateContent|streamGenerateContent)$",
    "anthropic": r"/v1/messages$",
    "ollama": r"/api/chat$",
    "cohere": r"/v2/chat$",
}

FINISHES = {
    "stop": "stop end_turn stop_sequence complete",
    "length": "length model_length max_tokens",
    "tool_calls": "tool_calls function_call tool_use tool_call",
    "content_filter": "content_filter safety refusal",
    "error": "error",
}


class Answer:
    """One choice, piece by piece."""

    def __init__(self) -> None:
        self.text = self.thoughts = self.refusal = ""
        self.calls: dict[Any, dict[str, Any]] = {}
        self.media = 0
        self.finish: str | None = None

    def call(self, key: Any, name: str | None, call_id: str | None, arguments: Any) -> None:
        call = self.calls.setdefault(key, {"name": "", "id": None, "arguments": ""})
        call["name"] = call["name"] or name or ""
        call["id"] = call["id"] or call_id or None
        if isinstance(arguments, str):
            call["arguments"] += arguments
        elif arguments is not None:
            call["arguments"] = json.dumps(arguments)

    def finished(self, word: str | None) -> None:
        for ours, theirs in FINISHES.items():
            if word and word.lower() in theirs.split():
                self.finish = ours

    def row(self) -> dict[str, Any]:
        finish = "tool_calls" if self.calls and self.finish == "stop" else self.finish
        calls = [{**call, "arguments": parsed(call["arguments"])} for call in self.calls.values()]
        return {
            "text": self.text,
            "thoughts": self.thoughts,
            "refusal": self.refusal,
            "calls": calls,
            "media": self.media,
            "finish": finish,
        }


class Reading:
    """One exchange, payload by payload."""

    def __init__(self) -> None:
        self.id = self.model = ""
        self.answers: dict[int, Answer] = {}
        self.told: dict[str, Any] = {}
        self.usage: Callable[[dict[str, Any]], dict[str, int]] = usage_openai
        self.error: dict[str, Any] | None = None
        self.opaque: list[str] = []

    def answer(self, index: int = 0) -> Answer:
        return self.answers.setdefault(index, Answer())

    def proof(self, value: str | None) -> None:
        """An opaque string that has to be sent back one day; its first characters are enough to know it by."""
        if value and value[:40] not in self.opaque:
            self.opaque.append(value[:40])

    def row(self) -> dict[str, Any]:
        choices = [answer.row() for _, answer in sorted(self.answers.items())]
        ended = bool(choices) and all(choice["finish"] for choice in choices)
        return {
            "id": self.id,
            "model": self.model,
            "outcome": "error" if self.error else "complete" if ended else "cut",
            "choices": choices,
            "usage": self.usage(self.told) if self.told else None,
            "error": self.error,
            "opaque": self.opaque,
        }


def parsed(arguments: str) -> Any:
    try:
        return json.loads(arguments or "{}")
    except json.JSONDecodeError:
        return arguments  # OpenAI's custom tools take free text


def counted(read: int, written: int, *, cached: int | None = None, **more: int | None) -> dict[str, int]:
    told = {key: value for key, value in more.items() if value is not None}
    if cached is not None:
        told["cached"] = min(cached, read)
    return {"input": read, "output": written, "total": read + written, **told}


# OpenAI and its many cousins


def openai(reading: Reading, payload: dict[str, Any]) -> None:
    reading.id = reading.id or payload.get("id") or ""
    reading.model = reading.model or payload.get("model") or ""
    reading.told = payload.get("usage") or (payload.get("x_groq") or {}).get("usage") or reading.told
    if payload.get("error"):
        reading.error = payload["error"]
    for choice in payload.get("choices") or []:
        answer = reading.answer(choice.get("index") or 0)
        openai_said(reading, answer, choice.get("message") or choice.get("delta") or {})
        answer.finished(choice.get("finish_reason"))


def openai_said(reading: Reading, answer: Answer, said: dict[str, Any]) -> None:
    content = said.get("content") or ""
    if isinstance(content, str):
        answer.text += content
    else:
        for part in content:
            answer.text += part.get("text", "")
            answer.thoughts += "".join(piece["text"] for piece in part.get("thinking", []))
    answer.thoughts += said.get("reasoning") or said.get("reasoning_content") or ""
    answer.refusal += said.get("refusal") or ""
    answer.media += 1 if said.get("audio") else 0
    for detail in said.get("reasoning_details") or []:
        reading.proof(detail.get("signature") or detail.get("data"))
    reading.proof(((said.get("extra_content") or {}).get("google") or {}).get("thought_signature"))
    if said.get("function_call"):
        answer.call("function_call", said["function_call"]["name"], None, said["function_call"]["arguments"])
    for call in said.get("tool_calls") or []:
        function = call.get("function") or call.get("custom") or {}
        key = call.get("index", call.get("id") if call.get("id") else len(answer.calls))
        answer.call(key, function.get("name"), call.get("id"), function.get("arguments", function.get("input")))


def usage_openai(told: dict[str, Any]) -> dict[str, int]:
    read, written = told["prompt_tokens"], told["completion_tokens"]
    prompt = told.get("prompt_tokens_details") or {}
    missing = told["total_tokens"] - read - written
    if missing and missing == prompt.get("audio_tokens"):
        read += missing
    else:
        written += missing
    cached = prompt.get("cached_tokens", told.get("cached_tokens", told.get("num_cached_tokens")))
    reasoning = (told.get("completion_tokens_details") or {}).get("reasoning_tokens", told.get("reasoning_tokens"))
    return counted(
        read, written, reasoning=reasoning, cached=cached, cache_written=prompt.get("cache_write_tokens")
    )


# Gemini


def gemini(reading: Reading, payload: dict[str, Any]) -> None:
    reading.id, reading.model = payload.get("responseId", ""), payload.get("modelVersion", "")
    reading.told, reading.usage = payload.get("usageMetadata") or reading.told, usage_gemini
    for position, candidate in enumerate(payload.get("candidates") or []):
        answer = reading.answer(candidate.get("index", position))
        for part in (candidate.get("content") or {}).get("parts") or []:
            gemini_part(reading, answer, part)
        answer.finished(candidate.get("finishReason"))


def gemini_part(reading: Reading, answer: Answer, part: dict[str, Any]) -> None:
    reading.proof(part.get("thoughtSignature"))
    if part.get("thought"):
        answer.thoughts += part.get("text", "")
    else:
        answer.text += part.get("text", "")
    answer.media += 1 if "inlineData" in part else 0
    if "functionCall" in part:
        call = part["functionCall"]
        answer.call(len(answer.calls), call["name"], call.get("id"), call.get("args") or {})


def usage_gemini(told: dict[str, Any]) -> dict[str, int]:
    read = told.get("promptTokenCount", 0) + told.get("toolUsePromptTokenCount", 0)
    written = told.get("candidatesTokenCount", 0) + told.get("thoughtsTokenCount", 0)
    return counted(
        read, written, reasoning=told.get("thoughtsTokenCount"), cached=told.get("cachedContentTokenCount")
    )


# Anthropic


def anthropic(reading: Reading, payload: dict[str, Any]) -> None:
    message = payload.get("message") or payload
    reading.usage = usage_anthropic
    reading.told = {**reading.told, **(message.get("usage") or {})}
    if message.get("type") == "message":
        reading.id, reading.model = message["id"], message["model"]
    if payload["type"] == "error":
        reading.error = payload["error"]
    answer = reading.answer()
    for index, block in enumerate(message.get("content") or []):
        anthropic_block(reading, answer, index, block)
    if "content_block" in payload:
        anthropic_block(reading, answer, payload["index"], payload["content_block"])
    delta = payload.get("delta") or {}
    anthropic_block(reading, answer, payload.get("index"), {**delta, "type": ""})
    answer.finished(message.get("stop_reason") or delta.get("stop_reason"))


def anthropic_block(reading: Reading, answer: Answer, index: Any, block: dict[str, Any]) -> None:
    answer.text += block.get("text", "")
    answer.thoughts += block.get("thinking", "")
    reading.proof(block.get("signature") or (block["type"] == "redacted_thinking" and block["data"]) or None)
    if block["type"] == "tool_use":
        answer.call(index, block["name"], block["id"], block["input"] or None)
    elif index in answer.calls:
        answer.call(index, None, None, block.get("partial_json", ""))


def usage_anthropic(told: dict[str, Any]) -> dict[str, int]:
    cached, written = told.get("cache_read_input_tokens"), told.get("cache_creation_input_tokens")
    return counted(
        told["input_tokens"] + (cached or 0) + (written or 0),
        told["output_tokens"],
        reasoning=(told.get("output_tokens_details") or {}).get("thinking_tokens"),
        cached=cached,
        cache_written=written,
    )


# Ollama


def ollama(reading: Reading, payload: dict[str, Any]) -> None:
    answer, message = reading.answer(), payload.get("message") or {}
    reading.model, reading.usage = payload.get("model", ""), usage_ollama
    answer.text += message.get("content") or ""
    answer.thoughts += message.get("thinking") or ""
    for call in message.get("tool_calls") or []:
        function = call["function"]
        answer.call(len(answer.calls), function["name"], call.get("id"), function.get("arguments") or {})
    if payload.get("done"):
        reading.told = payload
        answer.finished(payload.get("done_reason"))


def usage_ollama(told: dict[str, Any]) -> dict[str, int]:
    return counted(told.get("prompt_eval_count", 0), told.get("eval_count", 0))


# Cohere


def cohere(reading: Reading, payload: dict[str, Any]) -> None:
    delta = payload.get("delta") or {}
    message = payload.get("message") or delta.get("message") or {}
    reading.id, reading.usage = reading.id or payload.get("id") or "", usage_cohere
    reading.told = payload.get("usage") or delta.get("usage") or reading.told
    answer, content = reading.answer(), message.get("content") or []
    for part in content if isinstance(content, list) else [content]:
        answer.text += part.get("text") or ""
        answer.thoughts += part.get("thinking") or ""
    answer.thoughts += message.get("tool_plan") or ""
    calls = message.get("tool_calls") or []
    for position, call in enumerate(calls if isinstance(calls, list) else [calls]):
        function = call["function"]
        key = payload.get("index", position)
        answer.call(key, function.get("name"), call.get("id"), function.get("arguments", ""))
    answer.finished(payload.get("finish_reason") or delta.get("finish_reason"))


def usage_cohere(told: dict[str, Any]) -> dict[str, int]:
    tokens = told["tokens"]
    read = tokens["input_tokens"] + tokens.get("image_tokens", 0)
    return counted(
        read, tokens["output_tokens"], reasoning=tokens.get("reasoning_tokens"), cached=told.get("cached_tokens")
    )


READERS = {"openai": openai, "gemini": gemini, "anthropic": anthropic, "ollama": ollama, "cohere": cohere}


# The files


def exchanges(folder: Path = HERE) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Every exchange below ``folder``: file (without ``.gz``), number within it, the exchange."""
    for path in sorted(folder.glob("*/*.json*"), key=lambda path: path.as_posix()):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        held = json.loads(raw)
        name = path.relative_to(folder).as_posix().removesuffix(".gz")
        for index, exchange in enumerate(held if isinstance(held, list) else [held]):
            yield name, index, exchange


def wire_of(exchange: dict[str, Any]) -> str | None:
    """The outbound chat wire that could have made this exchange."""
    address, response = exchange["request"]["url"].partition("?")[0], exchange["response"]
    if response["status"] != 200 or why_not(exchange):
        return None
    return next((wire for wire, pattern in ADDRESSES.items() if re.search(pattern, address)), None)


def why_not(exchange: dict[str, Any]) -> str:
    """Why a chat exchange with the right address is nothing that a wire of ours would ever meet."""
    if isinstance(exchange["response"].get("body"), list):
        return "streamed as one JSON array, because it was asked without alt=sse, which the wire always sends"
    if "enum-encoding" in exchange["request"]["url"]:
        return "asked with $alt=json;enum-encoding=int: finishReason is a number, which the wire never asks for"
    return ""


def payloads(response: dict[str, Any]) -> list[dict[str, Any]]:
    if "body" in response:
        return [response["body"]]
    if "ndjson" in response:
        return [json.loads(line) for line in response["ndjson"].split("\n") if line.strip()]
    found = []
    for event in response["sse"].replace("\r\n", "\n").split("\n\n"):
        lines = [line.removeprefix("data:").strip() for line in event.split("\n") if line.startswith("data:")]
        if lines and lines != ["[DONE]"]:
            found.append(json.loads("\n".join(lines)))
    return found


def expected(folder: Path = HERE) -> list[dict[str, Any]]:
    rows = []
    for name, index, exchange in exchanges(folder):
        if wire := wire_of(exchange):
            reading = Reading()
            for payload in payloads(exchange["response"]):
                READERS[wire](reading, payload)
            stream = "body" not in exchange["response"]
            rows.append({"file": name, "index": index, "wire": wire, "stream": stream, **reading.row()})
    return rows


def as_text(rows: list[dict[str, Any]]) -> str:
    """One exchange a line, so that a change of one reads as a change of one."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


if __name__ == "__main__":
    (HERE / "expected.json").write_text(as_text(expected()), encoding="utf-8")
