"""Mistral: generous free plan against a phone number, and the strictest reader of requests."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup, Trains
from wallascli.vocab.models import Continuation
from wallascli.wires import openai_chat
from wallascli.wires.base import CallIds, Quirks

# The request fields of its SDK (mistralai 3.7.0); any other is a 422 extra_forbidden: store,
# max_completion_tokens (Gitlawb/openclaude#739, April 2026), logit_bias, min_p, user, stream_options.
_FIELDS = (
    "frequency_penalty guardrails logprobs max_tokens metadata min_tokens n parallel_tool_calls prediction "
    "presence_penalty prompt_cache_key prompt_logprobs prompt_mode random_seed reasoning_effort "
    "repetition_penalty response_format safe_prompt service_tier stop temperature tool_choice tools top_k "
    "top_logprobs top_p top_prompt_logprobs"
).split()


def _prefixed(body: fitting.Body) -> tuple[str, ...]:
    # "Expected last role User or Tool (or Assistant with prefix True)" is a 400: without the flag nothing goes on.
    *before, last = body["messages"] or ({"role": ""},)
    if last["role"] == "assistant" and not last.get("tool_calls"):
        body["messages"] = [*before, {**last, "prefix": True}]
    return ()


PROVIDER = Provider(
    name="mistral",
    title="Mistral",
    base_url="https://api.mistral.ai/v1",
    wire=openai_chat.OUT,
    key_env=("MISTRAL_API_KEY",),
    signup=Signup(
        "https://console.mistral.ai/api-keys",
        4,
        free="its own models, about one request a second",
        note="asks for a phone number; choose the free plan",
    ),
    quirks=Quirks(
        renames={"seed": "random_seed", "max_completion_tokens": "max_tokens"},
        call_ids=CallIds.NINE_ALPHANUMERIC,  # pydantic-ai 2.68.0; every recording has such ids
        # messages[].reasoning_content is a 422 (charmbracelet/crush#1590, December 2025); its SDK has no name.
        message_fields=frozenset({"role", "content", "tool_calls", "tool_call_id", "prefix"}),
        stream_usage=False,  # refuses stream_options, sends usage unasked (all recordings)
        adjust=fitting.all_of(
            fitting.plain_effort,
            fitting.only(_FIELDS),
            fitting.no_idle_tools,  # [] is a 422 (partITech/php-mistral#76), tool_choice none garbage (pydantic-ai)
            fitting.plain_roles,  # system, user, assistant, tool (mistralai 3.7.0)
            fitting.no_empty_turns,
            fitting.bridged,  # 400 code 3230 "Unexpected role 'user' after role 'tool'" (datapizza-ai#98)
            _prefixed,
        ),
    ),
    trains=Trains.YES,  # its privacy page says no, but has a switch that the free plan is said to require
    continues=Continuation.PREFIX_FLAG,
    repeats_prefix=True,  # the API returns it (SillyTavern#2557), streamed too (vercel/ai#3256, October 2024)
    quota_per_account=True,  # tokens a minute and a month, per organisation (its docs, 2026-08)
)
