"""Writing a request for Anthropic's ``/v1/messages``: everything but the conversation itself."""

from __future__ import annotations

from typing import Any

from wallascli.vocab.chat import ChatRequest, Json, Reasoning, Tool
from wallascli.wires.anthropic_turns import NAME, conversation, unsayable
from wallascli.wires.base import Quirks
from wallascli.wires.bodies import callers_own, fit, foreign_extra, media_of

# The API demands a limit where others take none to mean "as long as it needs", so P3 lets us name one when the
# caller did not: low enough for every live model (haiku-4-5 ends at 64,000), high enough to cut nobody's answer;
# it is what Claude Code sends.
MAX_TOKENS = 32_000
_LEAST_BUDGET = 1024

_UNSAYABLE = (
    "min_p frequency_penalty presence_penalty repetition_penalty seed logprobs top_logprobs logit_bias".split()
)
_CHOICES = {"auto": "auto", "none": "none", "required": "any", "named": "tool"}
_CALLERS_NAMES = {"stop_sequences": "stop", "metadata": "user", "thinking": "reasoning"}


def render(request: ChatRequest, model: str, *, stream: bool, quirks: Quirks) -> tuple[dict[str, Any], list[str]]:
    """The body, and the names of what had to be dropped."""
    dropped: list[str] = []
    body = callers_own(request, NAME)
    names = {} if body is not None else _CALLERS_NAMES
    if body is None:
        body = _from_words(request, dropped)
        dropped += foreign_extra(request, NAME, body)
    body["model"] = model
    body["stream"] = stream
    dropped += fit(body, quirks, names=names)
    return body, list(dict.fromkeys(dropped))


def lacks(request: ChatRequest) -> tuple[str, ...]:
    """Sound, video, and documents that are neither PDF nor text."""
    if request.origin is not None and request.origin.wire == NAME:
        return ()
    return tuple(dict.fromkeys(why for part in media_of(request) if (why := unsayable(part, own=False))))


def _from_words(request: ChatRequest, dropped: list[str]) -> dict[str, Any]:
    own = request.origin is not None and request.origin.wire == NAME
    system, messages = conversation(request.messages, dropped, own=own)
    limit = MAX_TOKENS if request.max_tokens is None else request.max_tokens
    body: dict[str, Any] = {"max_tokens": limit, "messages": messages}
    if system:
        body["system"] = system
    _set_sampling(request, body, dropped)
    if request.user:
        body["metadata"] = {"user_id": request.user}
    _set_tools(request, body, dropped)
    _set_format(request, body, dropped)
    if request.reasoning is not None:
        _set_reasoning(request, request.reasoning, body, dropped)
    # ``is``: a seed of 0 was said.
    dropped += [
        field for field in _UNSAYABLE if (said := getattr(request, field)) is not None and said is not False
    ]
    if request.n not in (None, 1):
        dropped.append("n")
    return body


def _set_sampling(request: ChatRequest, body: dict[str, Any], dropped: list[str]) -> None:
    for field in ("temperature", "top_p", "top_k"):
        if (value := getattr(request, field)) is not None:
            body[field] = value
    if request.temperature is not None and request.temperature > 1:
        # 0 to 1 there, 0 to 2 at OpenAI. Another temperature than the caller's would be a change behind its back.
        _take_out(body, "temperature", dropped)
    if stops := [stop for stop in request.stop if stop.strip()]:
        body["stop_sequences"] = stops
    if len(stops) < len(request.stop):
        dropped.append("stop")  # white space alone is refused there


def _set_tools(request: ChatRequest, body: dict[str, Any], dropped: list[str]) -> None:
    """``tool_choice`` without tools is a 400; where it only says what happens anyway, nothing is lost."""
    mode = request.tool_choice.mode if request.tool_choice else "auto"
    if not request.tools:
        dropped += ["tool_choice"] if mode in ("required", "named") else []
        dropped += ["parallel_tool_calls"] if request.parallel_tool_calls is not None else []
        return
    body["tools"] = [_tool(tool) for tool in request.tools]
    choice: dict[str, Any] = {"type": _CHOICES.get(mode, "auto")}
    if request.tool_choice and mode == "named":
        choice["name"] = request.tool_choice.name
    if request.parallel_tool_calls is not None and mode != "none":
        choice["disable_parallel_tool_use"] = not request.parallel_tool_calls
    if request.tool_choice or len(choice) > 1:
        body["tool_choice"] = choice


def _tool(tool: Tool) -> Json:
    written: dict[str, Any] = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    written["input_schema"] = tool.parameters or {"type": "object", "properties": {}}
    if tool.strict is not None:
        written["strict"] = tool.strict
    return written


def _set_format(request: ChatRequest, body: dict[str, Any], dropped: list[str]) -> None:
    """Only schemas: there is no mode for JSON of any shape. The schema's name only labels it."""
    wish = request.response_format
    if wish is None or wish.kind == "text":
        return
    if wish.kind == "json_schema" and wish.schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": wish.schema}}
    else:
        dropped.append("response_format")


def _set_reasoning(request: ChatRequest, wish: Reasoning, body: dict[str, Any], dropped: list[str]) -> None:
    """An effort means adaptive thinking, a budget the older kind; what a model refuses, its row takes out."""
    if wish.effort == "none" or wish.budget == 0:
        body["thinking"] = {"type": "disabled"}
    else:
        if wish.effort:
            effort = "low" if wish.effort == "minimal" else wish.effort
            body["output_config"] = {**body.get("output_config", {}), "effort": effort}
            if effort != wish.effort:
                dropped.append("reasoning_effort")
        if thinking := _thinking(request, wish, body, dropped):
            body["thinking"] = thinking
            _make_way(body, dropped)
    if wish.show is None:
        return
    if body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        body["thinking"]["display"] = "summarized" if wish.show else "omitted"
    else:
        dropped.append("reasoning.exclude")


def _thinking(
    request: ChatRequest, wish: Reasoning, body: dict[str, Any], dropped: list[str]
) -> dict[str, Any] | None:
    """What to say of thinking, or ``None`` where it would be refused beside something that weighs more."""
    if not (wish.effort or wish.budget):
        return None
    name = "reasoning.max_tokens" if wish.budget else "reasoning_effort"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        # 400 "Thinking may not be enabled when tool_choice forces tool use" (mastra-ai/mastra#7507).
        dropped.append(name)
        return None
    if not wish.budget:
        return {"type": "adaptive"}
    if request.max_tokens is None:
        body["max_tokens"] = wish.budget + MAX_TOKENS  # thoughts count, and must not eat the answer's share
    budget = min(max(wish.budget, _LEAST_BUDGET), body["max_tokens"] - 1)
    if budget != wish.budget:
        dropped.append(name)
    if budget < _LEAST_BUDGET or _in_a_foreign_tool_loop(body["messages"]):
        dropped.append(name)
        return None
    return {"type": "enabled", "budget_tokens": budget}


def _in_a_foreign_tool_loop(messages: list[dict[str, Any]]) -> bool:
    """Results wait for an answer, and the turn that called has no thought of this maker.

    400 "a final `assistant` message must start with a thinking block" (pydantic/pydantic-ai#2075): whoever made
    those calls, its thoughts cannot be had here.
    """
    if len(messages) < 2 or messages[-1]["content"][0]["type"] != "tool_result":
        return False
    return messages[-2]["content"][0]["type"] not in ("thinking", "redacted_thinking")


def _make_way(body: dict[str, Any], dropped: list[str]) -> None:
    """Thinking goes with temperature 1, a top_p of at least 0.95 and no top_k (pydantic/pydantic-ai#2487)."""
    if body.get("temperature", 1) != 1:
        _take_out(body, "temperature", dropped)
    if body.get("top_p", 1) < 0.95:
        _take_out(body, "top_p", dropped)
    if "top_k" in body:
        _take_out(body, "top_k", dropped)


def _take_out(body: dict[str, Any], field: str, dropped: list[str]) -> None:
    del body[field]
    dropped.append(field)
