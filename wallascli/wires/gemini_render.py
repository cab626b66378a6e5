"""Writing a request for Gemini: the caller's own body where it spoke Gemini, else our words.

What Gemini has no word for, or takes in another way, is named as the caller knows it: OpenAI's names.
"""

from __future__ import annotations

from typing import Any

from wallascli.vocab.chat import ChatRequest, Tool
from wallascli.wires.base import Quirks
from wallascli.wires.gemini_contents import NAME, contents, is_newer, signed, system
from wallascli.wires.gemini_schema import fitted
from wallascli.wires.gemini_thinking import thinking

# Ours, or said by the path.
_NOT_SENT = frozenset({"model", "models"})
_MOST_STOPS = 5
_SEED_END = 2**31  # an int32 there
_NUMBERS = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "max_tokens": "maxOutputTokens",
    "n": "candidateCount",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}
_NO_WORD = ("min_p", "repetition_penalty", "logit_bias", "user", "parallel_tool_calls")
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "named": "ANY"}
_SNAKES = {
    "system_instruction": "systemInstruction",
    "generation_config": "generationConfig",
    "tool_config": "toolConfig",
}
# What to call a field of Gemini's that a quirk removed.
_CALLED = {theirs: ours for ours, theirs in _NUMBERS.items()} | {
    "stopSequences": "stop",
    "responseMimeType": "response_format",
    "responseJsonSchema": "response_format",
    "responseModalities": "modalities",
    "thinkingConfig": "reasoning",
    "toolConfig": "tool_choice",
}


def render(request: ChatRequest, model: str, quirks: Quirks) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body, and the names of what had to be dropped."""
    dropped: list[str] = []
    if request.origin is not None and request.origin.wire == NAME:
        told = request.origin.body.items()
        body = {_SNAKES.get(k, k): v for k, v in told if v is not None and k not in _NOT_SENT}
    else:
        body = _from_words(request, model, dropped)
    _apply(body, quirks, dropped)
    if "systemInstruction" in body and ("systemInstruction" in quirks.drops or not body.get("contents")):
        _fold_system(body)
    if "contents" in body:
        body["contents"] = signed(body["contents"], model)
    if quirks.adjust is not None:
        dropped += quirks.adjust(body)
    return body, tuple(dict.fromkeys(dropped))


def _from_words(request: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"contents": contents(request.messages, model, dropped)}
    if instructions := system(request.messages):
        body["systemInstruction"] = {"parts": instructions}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declared(tool, dropped) for tool in request.tools]}]
    _choose_tool(body, request, dropped)
    config = _config(request, model, dropped)
    if config:
        body["generationConfig"] = config
    # False and empty strings were said as well, so only None and "" (never said) are passed over.
    dropped += [name for name in _NO_WORD if getattr(request, name) not in (None, "")]
    dropped += [name for name in request.extra if name != "modalities" or "responseModalities" not in config]
    return body


def _config(request: ChatRequest, model: str, dropped: list[str]) -> dict[str, Any]:
    said = {theirs: getattr(request, ours) for ours, theirs in _NUMBERS.items()}
    config = {name: value for name, value in said.items() if value is not None and value is not False}
    if abs(config.get("seed", 0)) >= _SEED_END:
        del config["seed"]
        dropped.append("seed")
    if "logprobs" in config:
        config["responseLogprobs"] = True
    if request.stop:
        config["stopSequences"] = list(request.stop[:_MOST_STOPS])
        dropped += ["stop"] if len(request.stop) > _MOST_STOPS else []
    if isinstance(asked := request.extra.get("modalities"), list):
        config["responseModalities"] = [str(kind).upper() for kind in asked]
    _structure(config, request, model, dropped)
    if request.reasoning:
        thought, lost = thinking(request.reasoning, model)
        config |= {"thinkingConfig": thought} if thought else {}
        dropped += lost
    return config


def _structure(config: dict[str, Any], request: ChatRequest, model: str, dropped: list[str]) -> None:
    wish = request.response_format
    if wish is None or wish.kind == "text":
        return
    if request.tools and not is_newer(model):
        # 400 "Function calling with a response mime type is unsupported": 2.5 (freellmapi), not 3 (pydantic-ai).
        dropped.append("response_format")
        return
    config["responseMimeType"] = "application/json"
    if wish.schema is not None:
        lost: set[str] = set()
        config["responseJsonSchema"] = fitted(wish.schema, lost)
        dropped += [f"response_format.schema.{keyword}" for keyword in sorted(lost)]


def _declared(tool: Tool, dropped: list[str]) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name, "description": tool.description}
    if tool.parameters:
        lost: set[str] = set()
        declared["parametersJsonSchema"] = {"type": "object"} | fitted(tool.parameters, lost)
        dropped += [f"tools[].parameters.{keyword}" for keyword in sorted(lost)]
    if tool.strict:
        dropped.append("tools[].strict")
    return declared


def _choose_tool(body: dict[str, Any], request: ChatRequest, dropped: list[str]) -> None:
    choice = request.tool_choice
    if choice is None:
        return
    if not request.tools or choice.mode not in _MODES:
        dropped.append("tool_choice")
        return
    calling: dict[str, Any] = {"mode": _MODES[choice.mode]}
    if choice.mode == "named":
        calling["allowedFunctionNames"] = [choice.name]
    body["toolConfig"] = {"functionCallingConfig": calling}


def _apply(body: dict[str, Any], quirks: Quirks, dropped: list[str]) -> None:
    """Renames and drops, of fields of the body and of ``generationConfig`` alike."""
    config = dict(body.get("generationConfig") or {})
    for fields in (body, config):
        for old, new in quirks.renames.items():
            if old in fields:
                fields.setdefault(new, fields.pop(old))
        for name in (quirks.drops & fields.keys()) - {"systemInstruction"}:
            del fields[name]
            dropped.append(_CALLED.get(name, name))
    if "responseMimeType" in quirks.drops:
        config.pop("responseJsonSchema", None)  # a 400 without the other
    if config:
        body["generationConfig"] = config
    else:
        body.pop("generationConfig", None)


def _fold_system(body: dict[str, Any]) -> None:
    """Put it before the first user turn: Gemma 3 knows no system instruction, and no conversation may be empty."""
    instruction = body.pop("systemInstruction")
    parts = instruction.get("parts") or ()
    told = [parts] if isinstance(parts, dict) else list(parts)
    turns = list(body.get("contents") or ())
    if turns and turns[0].get("role", "user") == "user":
        turns[0] = {**turns[0], "parts": [*told, *(turns[0].get("parts") or ())]}
    else:
        turns.insert(0, {"role": "user", "parts": told})
    body["contents"] = turns
