"""Groq: open models on its own chips, a free plan without a card."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup, Trains
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

# The request fields of its SDK (groq 1.7.0). Anything else is "property 'x' is unsupported" (400), and so are
# those it lists as "not yet supported by any of our models": both penalties, logit_bias, logprobs,
# top_logprobs, metadata. n other than 1 is a 400.
_FIELDS = (
    "citation_options compound_custom disable_tool_validation documents exclude_domains function_call functions "
    "include_domains include_reasoning max_completion_tokens max_tokens parallel_tool_calls reasoning_effort "
    "reasoning_format response_format search_settings seed service_tier stop store stream_options temperature "
    "tool_choice tools top_p user"
).split()


def _no_null_call(body: fitting.Body) -> tuple[str, ...]:
    # "function_call": null in the history is refused (litellm 1.109.1).
    if any("function_call" in message for message in body["messages"]):
        body["messages"] = [
            {k: v for k, v in m.items() if k != "function_call" or v is not None} for m in body["messages"]
        ]
    return ()


# reasoning_content from another model's turn is a 400 (tashfeenahmed/freellmapi#1070, August 2026).
_MESSAGE = frozenset({"role", "content", "tool_calls", "tool_call_id", "function_call"})


def _quirks(*levels: str) -> Quirks:
    fit = fitting.all_of(fitting.plain_effort, fitting.only(_FIELDS), fitting.efforts(*levels), _no_null_call)
    # json_schema cannot be streamed there (Groq's docs, after litellm 1.109.1).
    return Quirks(message_fields=_MESSAGE, plain_with=frozenset({"response_format"}), adjust=fit)


# groq 1.7.0: "none" is a 400 on gpt-oss; qwen3.8 knows these five, compound none at all.
_GPT_OSS = _quirks("low", "medium", "high")
_QWEN = _quirks("none", "default", "low", "medium", "high")
_OTHER = _quirks()


def _by_model(model: str) -> Quirks | None:
    family = "gpt-oss" if "gpt-oss" in model else model.partition("/")[0]
    return {"gpt-oss": _GPT_OSS, "qwen": _QWEN}.get(family)


PROVIDER = Provider(
    name="groq",
    title="Groq",
    base_url="https://api.groq.com/openai/v1",
    wire=openai_chat.OUT,
    key_env=("GROQ_API_KEY",),
    signup=Signup("https://console.groq.com/keys", 2, free="every model, about 1,000 requests a day each"),
    quirks=_OTHER,
    model_quirks=_by_model,
    trains=Trains.NO,  # inputs are not kept by default (console.groq.com/docs/your-data, 2026)
    quota_per_account=True,  # "organization-level" (Groq's rate limit page, 2026-07)
    # continues: its docs show prefilling only for Llama models, and those left on 2026-08-16.
    quick=True,  # chips of its own, made for inference
)
