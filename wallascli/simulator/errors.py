"""What goes wrong, in words: the reason of an error, its status, and the hint of when to come back.

The sentences are those of recordings and documents, shortened where they were long. Each wire wraps them in its own
body (`shape.error`); providers on the OpenAI wire differ, see `errors_openai`.
"""

from __future__ import annotations

import math
from email.utils import formatdate
from time import gmtime, strftime

from wallascli.simulator.routes import Target
from wallascli.simulator.script import Behaviour
from wallascli.simulator.shape import Failure

REASON_OF = {
    400: "bad",
    401: "badkey",
    402: "credit",
    403: "forbidden",
    404: "nomodel",
    408: "timeout",
    409: "strict",
    410: "gone",
    413: "large",
    422: "validation",
    429: "rate",
    498: "capacity",
    500: "server",
    502: "upstream",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
STATUS_OF = {
    "badkey": 401,
    "credit": 402,
    "forbidden": 403,
    "nomodel": 404,
    "gone": 410,
    "notools": 400,
    "toolong": 400,
    "moderation": 403,
    "daily": 429,
    "validation": 422,
    "loading": 503,
    "account": 429,
}
# Gemini's bad key is a 400 [gemini/error-400-gemini-2-5-flash-ruby-llm]; Mistral's unknown model
# [mistral/error-400-definitely-not-a-model-rig] and Groq's retired one (documented) are 400 too.
STATUS_AT = {
    ("gemini", "badkey"): 400,
    ("mistral", "nomodel"): 400,
    ("groq", "gone"): 400,
    ("openai", "notools"): 404,
    ("openrouter", "nomodel"): 400,
}

MESSAGES = {
    "bad": "Invalid value for 'temperature': must be between 0 and 2.",
    "badkey": "Incorrect API key provided: {key}. You can find your API key in your account settings.",
    "credit": "Insufficient credits. Add more credits to your account to go on.",
    "forbidden": "You are not allowed to sample from this model",
    "nomodel": "The model `{model}` does not exist or you do not have access to it.",
    "timeout": "Request timed out.",
    "gone": "The model `{model}` has been decommissioned and is no longer supported.",
    "large": "Request too large for model `{model}`.",
    "validation": "Input should be a valid list: messages",
    "rate": "Rate limit reached for model `{model}`.",
    "daily": "Rate limit exceeded: free-models-per-day. Your daily quota of requests for `{model}` is used up.",
    "account": "You exceeded your current quota, please check your plan and billing details.",
    "capacity": "Flex tier capacity exceeded for model `{model}`.",
    "server": "The server had an error while processing your request. Sorry about that!",
    "upstream": "Provider returned error",
    "overloaded": "The model is overloaded. Please try again later.",
    "loading": "Model {model} is currently loading",
    "toolong": "This model's maximum context length is 8192 tokens, but your messages resulted in 9000 tokens.",
    "notools": "tools is not supported in this model.",
    "moderation": "Content violates usage guidelines.",
}

NO_PREFILL = {
    "gemini": "Requests ending with a model turn are not supported unless the last part is a function response.",
    "anthropic": "This model does not support assistant message prefill. "
    "The conversation must end with a user message.",
}


def no_prefill(wire: str) -> str:
    """How a wire says that it does not continue a partial answer."""
    return NO_PREFILL.get(wire, "The last message must not be from the assistant.")


def status_of(behaviour: Behaviour, target: Target) -> int:
    """The status of the answer; 0 when the script wants no error."""
    if behaviour.status or not behaviour.reason:
        return behaviour.status
    for who in (target.provider, target.wire):
        if (who, behaviour.reason) in STATUS_AT:
            return STATUS_AT[who, behaviour.reason]
    return STATUS_OF[behaviour.reason]


def failure_of(behaviour: Behaviour, target: Target, now: float, key: str) -> Failure:
    """The error that the script wants, or the one told when a stream must break: an overload."""
    status = status_of(behaviour, target) or 503
    reason = behaviour.reason or REASON_OF.get(status, "server" if status >= 500 else "bad")
    message = MESSAGES.get(reason, reason).format(model=target.model, key=key or "none")
    if behaviour.hint == "tryagain":
        message += f" Please try again in {compound(behaviour.hint_seconds)}."
    return Failure(status, reason, message, behaviour.hint, behaviour.hint_seconds, target, now)


def compound(seconds: float) -> str:
    """Seconds as Groq and OpenAI write them: `1m26.4s`, `4.5s`, `120ms`."""
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return (f"{hours:.0f}h" if hours else "") + (f"{minutes:.0f}m" if hours or minutes else "") + f"{rest:.9g}s"


def headers_of(failure: Failure, location: str) -> dict[str, str]:
    """The headers that belong to the error."""
    headers = {"location": location} if 300 <= failure.status < 400 else {}
    if failure.target.wire == "anthropic" and failure.status < 500 and failure.status not in (408, 409, 429):
        headers["x-should-retry"] = "false"
    match failure.hint:
        case "retry":
            headers["retry-after"] = str(math.ceil(failure.hint_seconds))
        case "retrydate":
            headers["retry-after"] = formatdate(failure.now + failure.hint_seconds, usegmt=True)
        case "reset":
            headers |= _reset(failure)
    return headers


def _reset(failure: Failure) -> dict[str, str]:
    at, seconds = failure.now + failure.hint_seconds, failure.hint_seconds
    match failure.target.wire, failure.target.provider:
        case "anthropic", _:
            return {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(at)),
            }
        case _, "openrouter":
            return {
                "x-ratelimit-limit": "20",
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int(at * 1000)),
            }
        case _, "cerebras":
            return {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": f"{seconds:.14f}"}
        case _, "sambanova":
            return {"x-ratelimit-remaining-requests-day": "0", "x-ratelimit-reset-requests-day": str(int(at))}
        case _:
            return {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": compound(seconds)}
