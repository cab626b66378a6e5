"""Which class of failure a response is: the one place where that is decided.

The most specific evidence wins: a telling code or reason in the body, then a phrase, then a broad code, then the
status, then a code that says next to nothing. Rules are data, tried in the order they stand in. Each names its
evidence: [groq 198478] is the recording of Groq whose file name ends so; groq-429-tpd is a row of
tests/upstream/documented_errors.json, which names its source.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from wallascli.upstream.evidence import Evidence, gather, html_title
from wallascli.upstream.hints import Reset, calendar, empty_buckets, hint_from, told_buckets
from wallascli.upstream.redact import without_secrets
from wallascli.vocab.events import ErrorFacts
from wallascli.vocab.failures import Failure, FailureClass

CALLER_FAULT, TOO_LONG, REFUSED = FailureClass.CALLER_FAULT, FailureClass.TOO_LONG, FailureClass.REFUSED
LACKING, BAD_KEY, NO_CREDIT = FailureClass.LACKING, FailureClass.BAD_KEY, FailureClass.NO_CREDIT
RATE_LIMITED, QUOTA_SPENT = FailureClass.RATE_LIMITED, FailureClass.QUOTA_SPENT
MODEL_GONE, BROKEN, OVERLOADED = FailureClass.MODEL_GONE, FailureClass.BROKEN, FailureClass.OVERLOADED
SLOW, UNKNOWN = FailureClass.SLOW, FailureClass.UNKNOWN


class Rule(NamedTuple):
    """``pattern`` is a regular expression over lower case; ``provider`` the only one it holds for, if any.

    ``reset``: the calendar of a quota that names its period; ``certain``: it is believed against any wait told.
    ``unless``: a code beside which the rule does not hold.
    """

    pattern: str
    kind: FailureClass
    reset: Reset | None = None
    certain: bool = False
    provider: str = ""
    unless: str = ""

    def holds(self, said: Evidence, provider: str) -> bool:
        """Whether it may be tried at all."""
        excluded = self.unless and any(re.fullmatch(self.unless, code) for code in said.codes)
        return self.provider in ("", provider) and not excluded


# Matched whole against every code, type, reason and status word in the body.
TELLING_CODES = (
    Rule("api_key_invalid", BAD_KEY),  # under 400 INVALID_ARGUMENT [gemini 26525e]
    Rule("invalid_api_key", BAD_KEY),  # [openai 8c3697]
    Rule("wrong_api_key", BAD_KEY),  # cerebras-401
    Rule("organization_restricted", BAD_KEY),  # groq-400-restricted
    Rule("unsupported_country_region_territory", BAD_KEY),  # openai-403-country
    Rule("content_filter", REFUSED),  # [azure 7958d7]
    Rule("content_policy_violation", REFUSED),  # openai-400-policy, openrouter-400-policy
    Rule("moderation_blocked", REFUSED),  # openai-400-moderation
    Rule("context_length_exceeded", TOO_LONG),  # openai-400-context, openrouter-400-context-type
    Rule("too_many_tokens", TOO_LONG),  # [cohere f2ae27]
    Rule("request_too_large", TOO_LONG),  # anthropic-413-too-large
    Rule("tokens_limit_reached", TOO_LONG),  # github-413-tokens
    Rule("exceed_context_size_error", TOO_LONG),  # llama-cpp-400-context
    Rule("unsupported_(parameter|value)", LACKING),  # [openai 23df22, openai c47728]
    Rule("unsupported_file", LACKING),  # [openai b97ee4]
    Rule("unknown_parameter", LACKING),  # openai-400-unknown-parameter
    Rule("extra_forbidden", LACKING),  # mistral-422-extra
    Rule("privacy_restricted", LACKING),  # openrouter-404-privacy
    Rule("insufficient_quota", NO_CREDIT),  # a 429 that no waiting ends: openai-429-insufficient
    Rule("billing_(error|hard_limit_reached)", NO_CREDIT),  # anthropic-402-billing, openai-400-billing
    Rule("payment(_method)?_required", NO_CREDIT),  # sambanova-402, pollinations-402-budget
    Rule("model_not_found", MODEL_GONE),  # [groq 1fc480], openai-403-project
    Rule("model_decommissioned", MODEL_GONE),  # a 400: groq-400-decommissioned
    Rule("invalid_model", MODEL_GONE),  # a 400 [mistral 66d54c]
    Rule("model_not_supported", MODEL_GONE),  # huggingface-400-not-enabled
    Rule("unknown_model", MODEL_GONE),  # github-400-unknown-model
    Rule("deploymentnotfound", MODEL_GONE),  # azure-404-deployment
    Rule("free_variant_ended", MODEL_GONE),  # openrouter-404-free-ended
    # The model wrote a bad call or bad JSON; "invalid_request_error" beside it would blame the caller
    # [groq 198478, groq 54cb5b].
    Rule("tool_use_failed|json_validate_failed", BROKEN),
    Rule("generation", BROKEN),  # TGI's error_type: huggingface-424-tgi
    Rule("overloaded(_error)?", OVERLOADED),  # anthropic-529-overloaded; TGI under a 429: huggingface-429-tgi
    Rule("model_capacity_exhausted", OVERLOADED),  # a 429 that is nobody's quota: gemini-429-no-capacity
    Rule("queue_exceeded", OVERLOADED),  # likewise: cerebras-429-queue
    # Google's quotaId. A spent day also comes with a short retryDelay, which is wrong: gemini-429-per-day,
    # gemini-429-day-and-minute (the longest of several counts).
    Rule(".*perday.*", QUOTA_SPENT, Reset.MIDNIGHT_PACIFIC, certain=True),
    Rule(".*perminute.*", RATE_LIMITED),  # the same sentence as for a day: gemini-429-per-minute
    # "… at the same time is not supported" is not about the model [openai a1ff5f].
    Rule("invalid_parameter_combination", CALLER_FAULT),
)

# Searched in every message, one a line, white space collapsed.
PHRASES = (
    # Before "does not have permission", which stands beside it [openrouter 798bd8].
    Rule("usage guidelines", REFUSED),
    Rule("was flagged", REFUSED),  # openrouter-403-moderation, openai-400-flagged
    Rule("content filtering policy", REFUSED),  # anthropic-400-filter
    Rule("content management policy", REFUSED),  # azure-400-filter
    Rule("safety system", REFUSED),  # openai-400-policy
    Rule("prompt (is )?too long", TOO_LONG),  # [anthropic 458ff1, ollama ddbe39]
    Rule("maximum context length", TOO_LONG),  # [openrouter aeed5e]
    Rule("input token count", TOO_LONG),  # gemini-400-too-long
    # One request over the limit of a minute never fits, though the code says rate limit: groq-413-too-large,
    # openai-429-too-large; nginx-413.
    Rule("request (body |entity )?too large", TOO_LONG),
    Rule("request exceeds the maximum size", TOO_LONG),  # anthropic-413-too-large
    Rule("too many tokens: ", TOO_LONG),  # cohere-400-tokens-old; not cerebras-429-tokens-minute
    Rule("`inputs` tokens", TOO_LONG),  # huggingface-422-tgi-long
    # llama-cpp-400-context, openai-400-window, lmstudio-400-context
    Rule("exceeds the (available )?context (size|window)|context length of only", TOO_LONG),
    Rule("reduce the length of the messages", TOO_LONG),  # cerebras-400-context
    # [cohere 7251fd, ollama d00724]; not "Resource not found" [azure 8c984d].
    Rule(r"\bmodel( [`'\"]?[\w./:@+-]+[`'\"]?)? (not found|does not exist)", MODEL_GONE),
    Rule(r"(?m)^model: \S+$", MODEL_GONE),  # [anthropic 545bdf]
    Rule("is not found for api version", MODEL_GONE),  # [gemini ed23de]
    Rule("invalid model:|not a valid model|unknown model:", MODEL_GONE),  # [openrouter 123a8c]
    Rule("no endpoints found for", MODEL_GONE),  # [openrouter 4dee0c]
    Rule("not found for account", MODEL_GONE),  # nvidia-404-account
    Rule("deployment for this resource does not exist", MODEL_GONE),  # azure-404-deployment
    Rule("not allowed to sample from this model", MODEL_GONE),  # a 403 [openai 3f88c6]
    Rule("does not have access to model", MODEL_GONE),  # openai-403-project
    # Other models answer the same key: ollama-403-subscription.
    Rule("model requires a subscription", MODEL_GONE),
    Rule("not supported by any provider", MODEL_GONE),  # huggingface-400-not-enabled
    # [openai 241ba7], groq-400-decommissioned; not a deprecated parameter.
    Rule(r"\bmodel \S+ has been (deprecated|decommissioned)", MODEL_GONE),
    Rule("reached its end of life", MODEL_GONE),  # nvidia-410-eol
    Rule("model '.*' was removed", MODEL_GONE),  # cohere-404-removed
    Rule("requested model .* is not available", MODEL_GONE),  # sambanova-410
    Rule("credit balance is too low", NO_CREDIT),  # a 400: anthropic-400-credit
    Rule("key limit exceeded", NO_CREDIT),  # a 403, the key's own allowance: openrouter-403-key-limit
    Rule("insufficient (balance|credits)", NO_CREDIT),  # deepseek-402, pollinations-402-balance
    Rule("requires more credits", NO_CREDIT),  # openrouter-402-fewer-tokens
    Rule("higher monthly limit", NO_CREDIT),  # openrouter-402-prompt-tokens
    Rule("monthly included credits", NO_CREDIT),  # huggingface-402-credits
    # Not "increase your rate limit by adding a payment method": openai-429-advert.
    Rule("update your payment method|payment method is required|payment information", NO_CREDIT),  # cohere-402
    Rule("budget exhausted", NO_CREDIT),  # pollinations-402-budget
    Rule("billing hard limit", NO_CREDIT),  # openai-400-billing
    # Google says this for a minute, a day and a plan without the model alike; what follows tells them apart.
    # gemini-429-limit-zero
    Rule(r"current quota.*\blimit: 0\b", QUOTA_SPENT, Reset.MIDNIGHT_PACIFIC, certain=True),
    Rule("current quota.*please retry in", RATE_LIMITED),  # proxied-429-gemini-minute
    # A spent minute always names a delay, here or in RetryInfo: gemini-429-help-only.
    Rule("current quota.*ai.google.dev", QUOTA_SPENT, Reset.MIDNIGHT_PACIFIC, certain=True, unless=".*retryinfo"),
    Rule("current quota.*ai.google.dev", RATE_LIMITED),  # gemini-429-input-tokens-per-minute
    Rule("exceeded your current quota", NO_CREDIT),  # the same words at OpenAI: openai-429-insufficient
    Rule("quota metric.*per day", QUOTA_SPENT, Reset.MIDNIGHT_PACIFIC),  # Google's: gemini-429-day-in-words
    # "Upgrade to Dev Tier today" (groq-429-tpm) is no day; groq-429-tpd, openai-429-rpd, openrouter-429-free-day,
    # cerebras-429-requests-day, github-429-day.
    Rule("limit.*(per[ -]day|byday)|per day limit", QUOTA_SPENT, Reset.MIDNIGHT_UTC),
    Rule("limited to .*/ month", QUOTA_SPENT, Reset.NEXT_MONTH),  # cohere-429-trial-month
    Rule("usage limit", QUOTA_SPENT),  # of an hour, a session, a week: ollama-429-weekly, minimax-429-usage
    # Before the types and statuses that call it a fault of the server: anthropic-500-overloaded, openai-503.
    Rule(r"\boverloaded\b", OVERLOADED),
    Rule("over capacity", OVERLOADED),  # groq-503-over-capacity
    Rule("tier capacity exceeded", OVERLOADED),  # a 429 that all keys of the tier share: mistral-429-capacity
    Rule("no capacity available", OVERLOADED),  # gemini-429-no-capacity
    Rule("experiencing high traffic", OVERLOADED),  # cerebras-429-queue
    Rule("is currently loading", OVERLOADED),  # huggingface-503-loading
    Rule("server busy", OVERLOADED),  # ollama-503-busy
    Rule("requires more system memory", OVERLOADED),  # a 500 that a second try cannot help: ollama-500-memory
    Rule("service (temporarily )?unavailable", OVERLOADED),  # nginx-503
    # "High demand" may follow [openrouter 224d1e].
    Rule("rate[ -]limit", RATE_LIMITED),
    # cerebras-429-tokens-minute, cohere-429-trial-minute
    Rule("per minute limit|limited to .*/ minute", RATE_LIMITED),
    Rule("too many requests", RATE_LIMITED),  # nvidia-429-title
    Rule("resource exhausted", RATE_LIMITED),  # [gemini 45045f]
    # Before "not supported": gemini-400-location, openai-403-country.
    Rule("(location|country|territory).{0,30} not supported", BAD_KEY),
    Rule("does ?n[o']t support", LACKING),  # [anthropic 7d9a8d], ollama-400-tools
    Rule("not supported", LACKING),  # a 404 [openai d195ef]
    Rule(r"\bunsupported\b", LACKING),  # gemini-400-tools-with-json
    Rule("not enabled for", LACKING),  # [mistral 768186, openrouter 01ae98]
    Rule("tool choice requires", LACKING),  # a vLLM started without tools: nvidia-400-auto-tools
    Rule("only supports", LACKING),  # nvidia-400-single-tool
    Rule("no endpoints found (that support|matching)", LACKING),  # [openrouter b2d8a3]
    Rule("is mandatory for", LACKING),  # openrouter-400-reasoning
    Rule("cannot find field", LACKING),  # gemini-400-unknown-name
    Rule("extra inputs are not permitted", LACKING),  # mistral-422-extra
    Rule("unknown parameter", LACKING),  # openai-400-unknown-parameter
    # [cohere 77c7fa, mistral 42d3a0, azure 15a806]; under a 400: xai-400-key.
    Rule("(incorrect|invalid|wrong) (api|x-api|subscription)[ -]key", BAD_KEY),
    Rule("api key (is invalid|not valid)", BAD_KEY),  # [anthropic e290d1]
    # As a whole or with its verb: callers have tools named "check_authentication", and errors repeat their names.
    Rule(r"(?m)^unauthorized\W*$", BAD_KEY),  # [ollama d5cf6d]
    Rule("no .{0,10}auth credentials|missing authentication", BAD_KEY),  # [openrouter bf128b]
    Rule("(authentication|authorization) (failed|required)", BAD_KEY),  # nvidia-401, nvidia-403, pollinations-401
    Rule("callers without established identity", BAD_KEY),  # [gemini 9ed13c]
    Rule("(?m)^user not found", BAD_KEY),  # openrouter-401-user
    Rule("invalid username or password", BAD_KEY),  # huggingface-401
    Rule("(?m)^invalid token$", BAD_KEY),  # cohere-401-token; not [openai 234637]
    Rule("does not have (sufficient )?permission", BAD_KEY),  # huggingface-403-token, anthropic-403-permission
    Rule("reported as leaked", BAD_KEY),  # gemini-403-leaked
    Rule("organization has been (disabled|restricted)", BAD_KEY),  # a 400: anthropic-400-disabled
    Rule("missing request extension.*authorization", BAD_KEY),  # a 500 for no key at all: nvidia-500-no-key
    Rule("(?m)^access denied", BAD_KEY),  # groq-403-network
    Rule("degraded function", BROKEN),  # a 400 that is the provider's health: nvidia-400-degraded
    Rule("failed during generation", BROKEN),  # huggingface-424-tgi
    Rule("failed to generate json", BROKEN),  # groq-400-json-validate
    Rule("tool call validation failed|did not call a tool", BROKEN),  # [groq 3bbd80]
    Rule("unexpectedly stopped|process has terminated|error was encountered", BROKEN),  # ollama-500-runner
    Rule("internal server error|bad gateway", BROKEN),  # ollama-500-internal, nginx-502
    Rule("timed out|time-out|deadline expired|error code: 524", SLOW),  # openrouter-408, nginx-504, cloudflare-524
)

# Matched whole. Each also stands on errors that a phrase knows better: "rate_limit_exceeded" on a spent day.
BROAD_CODES = (
    Rule("rate_?limit.*|too_many_requests.*", RATE_LIMITED),  # [azure c37d1c], mistral-429-1300
    Rule("authentication_error", BAD_KEY),  # [anthropic 0c8320]
    Rule("permission_(error|denied)", BAD_KEY),  # anthropic-403-permission, gemini-403-leaked
    Rule("unauthorized|forbidden", BAD_KEY),  # pollinations-401, pollinations-403
    Rule("timeout_error|deadline_exceeded", SLOW),  # anthropic-504-timeout, gemini-504-deadline
    Rule("service_unavailable.*", OVERLOADED),  # pollinations-503; under a 200: openai-in-stream-overloaded
)

# The status of the response; of the body, if the response is a 200. 403 and 404 are not here: a firewall's 403
# (cloudflare-403-blocked) says nothing about a key, and a bare 404 not that it is the model [azure 8c984d].
STATUSES = (
    Rule("400|422", CALLER_FAULT),
    Rule("401", BAD_KEY),
    Rule("402", NO_CREDIT),
    Rule("408|504|524", SLOW),
    Rule("410", MODEL_GONE),
    Rule("413", TOO_LONG),
    Rule("429", RATE_LIMITED),
    Rule("498", OVERLOADED, provider="groq"),  # flex tier at capacity
    Rule("498", REFUSED, provider="cohere"),  # "unsafe request": cohere-498-unsafe
    Rule("503|529", OVERLOADED),
    Rule(r"5\d\d", BROKEN),
)

# What is left to an error under a 200: the outermost word of a body that says nothing else.
VAGUE_CODES = (
    Rule("invalid_request.*|invalid_argument|bad_request", CALLER_FAULT),  # [mistral efe9b5]
    Rule("server_error|api_error|internal_error", BROKEN),  # openai-500, anthropic-500-internal, pollinations-500
)


class Tier(NamedTuple):
    """Rules of one weight, and what they are held against."""

    rules: tuple[Rule, ...]
    read: Callable[[Evidence, str], tuple[str, ...]]
    match: Callable[[str, str], re.Match[str] | None]


TIERS = (
    Tier(TELLING_CODES, lambda said, status: said.codes, re.fullmatch),
    Tier(PHRASES, lambda said, status: (said.text,), re.search),
    Tier(BROAD_CODES, lambda said, status: said.codes, re.fullmatch),
    Tier(STATUSES, lambda said, status: (status,), re.fullmatch),
    Tier(VAGUE_CODES, lambda said, status: said.codes, re.fullmatch),
)

# A window in tokens, where the error is about length. "exceeded … by 1119046 tokens" is not one.
WINDOWS = (
    r"maximum context length is ([\d,]+)",  # [openrouter aeed5e]
    r"> ([\d,]+) maximum",  # [anthropic 458ff1]
    r"with ([\d,]+) maximum context length",  # mistral-400-3051-context
    r"limit for this model is ([\d,]+)",  # [cohere f2ae27]
    r"tokens allowed \(([\d,]+)\)",  # gemini-400-too-long
    r"while limit is ([\d,]+)",  # cerebras-400-context
    r"context length of only ([\d,]+)",  # lmstudio-400-context
    r"must be <= ([\d,]+)",  # huggingface-422-tgi-long
    r"cannot exceed ([\d,]+)",  # cohere-400-tokens-old
    r"\blimit ([\d,]+), requested",  # the most this key can send at once: groq-413-too-large
    r"max size: ([\d,]+) tokens",  # github-413-tokens
)

# The field that a message names, where the body has no place for it.
FIELDS = (
    r"^(?!error:)([a-z_]+(?:\.\w+)*): ",  # [anthropic 16fc69]
    r" - '([\w.]+)'$",  # [openai 6c2c59]
    r"^'([\w.]+)' : ",  # groq-400-property
    r"the provided '(\w+)' value",  # openrouter-404-no-tool-choice
    r"(?i)^(?:invalid|unsupported) (?:value|type)(?: for)?:? '([\w.\[\]]+)'",  # openai-400-value-in-words
)

_WAITS = frozenset({RATE_LIMITED, QUOTA_SPENT, OVERLOADED, NO_CREDIT})
_ABOUT_THE_REQUEST = frozenset({CALLER_FAULT, LACKING, TOO_LONG, REFUSED})
_LONGEST_MESSAGE = 1000


def classify(status: int, headers: Mapping[str, str], facts: ErrorFacts, *, provider: str, now: float) -> Failure:
    """The failure that an error response tells; ``now`` in epoch seconds. Pure; never raises.

    ``status`` is 200 for an error inside a 200 body or stream. What has the form of a key is replaced in the
    message and the body; keys of another form are the caller's to replace (``without_secrets``).
    """
    said = gather(facts)
    rule = judge(said, status if status >= 400 else said.status or status, provider)
    kind, until = _timed(rule, status, headers, said, now)
    return Failure(
        kind=kind,
        message=without_secrets(_sentence(said, facts, status)),
        status=status if status >= 400 else said.status,
        code=next((code for code in (facts.code, facts.type) if code and not code.isdecimal()), None),
        param=_field(said) if kind in _ABOUT_THE_REQUEST else None,
        until=until,
        context_window=_window(said) if kind is TOO_LONG else None,
        body=without_secrets(facts.raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
    )


def judge(said: Evidence, status: int, provider: str) -> Rule | None:
    """The first rule that holds, tier by tier."""
    for tier in TIERS:
        texts = tier.read(said, str(status))
        for rule in tier.rules:
            if rule.holds(said, provider) and any(tier.match(rule.pattern, text) for text in texts):
                return rule
    return None


def _timed(
    rule: Rule | None, status: int, headers: Mapping[str, str], said: Evidence, now: float
) -> tuple[FailureClass, float | None]:
    """The class, and when the limit ends. An empty bucket of a day or a month makes a rate limit a spent quota."""
    kind, reset = (rule.kind, rule.reset) if rule else (UNKNOWN, None)
    if kind not in _WAITS:
        return kind, None
    if kind is RATE_LIMITED:
        lower = {name.lower(): value for name, value in headers.items()}
        buckets = (*told_buckets(said, now), *empty_buckets(lower, now))
        reset = next((bucket.reset for bucket in buckets if bucket.reset), None)
        kind = QUOTA_SPENT if reset else kind
    told = None if rule and rule.certain else hint_from(status, headers, said, now)
    hint = told or (calendar(reset, now) if reset else None)
    return kind, hint.until if hint else None


def _sentence(said: Evidence, facts: ErrorFacts, status: int) -> str:
    """What a person should read: the innermost message, a page's title, or the bare status."""
    title = html_title(facts.message)
    text = (said.messages[0] if said.messages else "") or (facts.message if title is None else title)
    return " ".join(text.split())[:_LONGEST_MESSAGE] or f"HTTP {status} without a word"


def _window(said: Evidence) -> int | None:
    for pattern in WINDOWS:
        if found := re.search(pattern, said.text):
            digits = found.group(1).replace(",", "")
            return int(digits) if 0 < len(digits) <= 9 and int(digits) else None
    told = said.numbers.get("n_ctx", 0.0)
    return int(told) if 0 < told < 1e9 else None


def _field(said: Evidence) -> str | None:
    """The field of the request that is at fault, by the name the provider gives it."""
    found = (re.search(pattern, text) for pattern in FIELDS for text in said.messages)
    return next(iter((*said.fields, *(match.group(1) for match in found if match))), None)
