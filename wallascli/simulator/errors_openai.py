"""Error bodies on the OpenAI wire: the same sentence in the clothes of each provider."""

from __future__ import annotations

from collections.abc import Callable

from wallascli.simulator.js import JsonObject, compact
from wallascli.simulator.shape import Failure

# reason -> type and code [openai/error-*, groq/error-*]; where nothing is recorded, as documented
KINDS: dict[str, tuple[str, str | None]] = {
    "badkey": ("invalid_request_error", "invalid_api_key"),
    "credit": ("insufficient_quota", "insufficient_quota"),
    "account": ("insufficient_quota", "insufficient_quota"),
    "nomodel": ("invalid_request_error", "model_not_found"),
    "gone": ("invalid_request_error", "model_decommissioned"),
    "toolong": ("invalid_request_error", "context_length_exceeded"),
    "moderation": ("invalid_request_error", "content_policy_violation"),
    "rate": ("requests", "rate_limit_exceeded"),
    "daily": ("requests", "rate_limit_exceeded"),
    "large": ("tokens", "rate_limit_exceeded"),
    "server": ("server_error", None),
    "upstream": ("server_error", None),
    "overloaded": ("server_error", None),
}


def body(failure: Failure) -> object:
    """What a provider on the OpenAI wire says."""
    return STYLES.get(failure.target.provider, openai)(failure)


def _kind(failure: Failure) -> tuple[str, str | None]:
    return KINDS.get(failure.reason, ("invalid_request_error" if failure.status < 500 else "server_error", None))


def openai(failure: Failure) -> JsonObject:
    kind, code = _kind(failure)
    return {"error": {"message": failure.message, "type": kind, "param": None, "code": code}}


def groq(failure: Failure) -> JsonObject:
    kind, code = _kind(failure)
    kind = "tokens" if failure.reason == "rate" else kind
    return {"error": {"message": failure.message, "type": kind} | ({"code": code} if code else {})}


def mistral(failure: Failure) -> JsonObject:
    if failure.reason == "badkey":
        return {"detail": "Unauthorized"}
    if failure.reason == "validation":
        return {"detail": [{"loc": ["body", "messages"], "msg": failure.message, "type": "list_type"}]}
    kind, code, message = {
        "nomodel": ("invalid_model", "1500", f"Invalid model: {failure.target.model}"),
        "rate": ("rate_limited", "1300", "Rate limit exceeded"),
        "toolong": ("invalid_request_prompt", "3051", failure.message),
    }.get(
        failure.reason,
        (
            "invalid_request_invalid_args" if failure.status < 500 else "internal_server_error",
            "3051" if failure.status < 500 else "3700",
            failure.message,
        ),
    )
    return {
        "object": "error",
        "message": message,
        "type": kind,
        "param": None,
        "code": code,
        "raw_status_code": failure.status,
    }


def openrouter(failure: Failure) -> JsonObject:
    error: JsonObject = {"code": failure.status, "message": failure.message}
    if failure.reason == "nomodel":
        error["message"] = f"{failure.target.model} is not a valid model ID"
    if failure.hint == "reset":
        at = str(int((failure.now + failure.hint_seconds) * 1000))
        error["metadata"] = {
            "headers": {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": at},
            "provider_name": None,
        }
    elif failure.reason in ("upstream", "overloaded", "moderation"):
        error["message"] = "Provider returned error"
        raw = compact({"errors": [{"message": f"AiError: {failure.message}", "code": 3043}], "success": False})
        error["metadata"] = {"provider_name": "Cloudflare", "raw": raw}
    return {"error": error, "user_id": "user_simulated"}


def gemini(failure: Failure) -> object:
    # The compatible endpoint wraps Google's error in a list of one (documented, no recording).
    return [{"error": {"code": failure.status, "message": failure.message, "status": google_status(failure)}}]


def google_status(failure: Failure) -> str:
    """Google's name for a status."""
    return {
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
        504: "DEADLINE_EXCEEDED",
    }.get(failure.status, "INVALID_ARGUMENT" if failure.status < 500 else "INTERNAL")


def cerebras(failure: Failure) -> JsonObject:
    kind, code = {
        "rate": ("too_many_requests_error", "request_quota_exceeded"),
        "daily": ("too_many_requests_error", "request_quota_exceeded"),
        "overloaded": ("too_many_requests_error", "queue_exceeded"),
        "badkey": ("invalid_request_error", "wrong_api_key"),
        "nomodel": ("not_found_error", "model_not_found"),
    }.get(failure.reason, _kind(failure))
    return {
        "message": failure.message,
        "type": kind,
        "param": "quota" if failure.status == 429 else None,
        "code": code,
    }


def huggingface(failure: Failure) -> JsonObject:
    if failure.reason == "credit":
        return {"error": "You have exceeded your monthly included credits for Inference Providers."}
    if failure.reason == "loading":
        return {"error": failure.message, "estimated_time": 20.0}
    return openai(failure)


def nvidia(failure: Failure) -> JsonObject:
    return {
        "type": "about:blank",
        "title": "Too Many Requests" if failure.status == 429 else "Error",
        "status": failure.status,
        "detail": failure.message,
        "instance": "/v2/nvcf/pexec/functions",
    }


def pollinations(failure: Failure) -> JsonObject:
    code = {
        400: "BAD_REQUEST",
        401: "UNAUTHORIZED",
        402: "PAYMENT_REQUIRED",
        403: "FORBIDDEN",
        404: "NOT_FOUND",
        429: "TOO_MANY_REQUESTS",
    }.get(failure.status, "INTERNAL_ERROR")
    return {"status": failure.status, "success": False, "error": {"code": code, "message": failure.message}}


def azure(failure: Failure) -> JsonObject:
    # Codes are strings and there is no type [azure/error-429-grok-4-1-fast-non-reasoning-ruby-llm].
    code = {"rate": "RateLimitReached", "daily": "RateLimitReached", "moderation": "content_filter"}.get(
        failure.reason, str(failure.status)
    )
    return {"error": {"code": code, "message": failure.message, "details": failure.message}}


def cohere(failure: Failure) -> JsonObject:
    return {"id": "2da0d1db-941a-4db3-ba16-436533566b78", "message": failure.message}


STYLES: dict[str, Callable[[Failure], object]] = {
    "groq": groq,
    "mistral": mistral,
    "openrouter": openrouter,
    "gemini": gemini,
    "cerebras": cerebras,
    "huggingface": huggingface,
    "nvidia": nvidia,
    "pollinations": pollinations,
    "azure": azure,
    "github": azure,
    "cohere": cohere,
}
