"""Cerebras: very fast, few models, a small free trial."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup, Trains
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

# The request fields of its SDK (cerebras-cloud-sdk 1.91.0); it is strict about others ("wrong_api_format").
# logit_bias is left out: taken but never applied, and over 100 entries are a 400 (pydantic-ai 2.68.0).
_FIELDS = (
    "clear_thinking disable_reasoning frequency_penalty logprobs max_completion_tokens max_tokens "
    "min_completion_tokens min_tokens model_parameters n parallel_tool_calls prediction presence_penalty "
    "prompt_cache_key reasoning_effort reasoning_format response_format seed service_tier stop stream_options "
    "temperature tool_choice tools top_logprobs top_p user"
).split()
# messages[].reasoning_content is a 400 (Kilo-Org/kilocode#10375, May 2026); its own word is reasoning.
_MESSAGE = frozenset({"role", "content", "name", "reasoning", "tool_calls", "tool_call_id"})


def _quirks(*levels: str) -> Quirks:
    fit = fitting.all_of(fitting.plain_effort, fitting.only(_FIELDS), fitting.efforts(*levels))
    return Quirks(message_fields=_MESSAGE, adjust=fit)


_GPT_OSS = _quirks("low", "medium", "high")  # always reasons (pydantic-ai 2.68.0)
_OTHER = _quirks("none", "low", "medium", "high")

PROVIDER = Provider(
    name="cerebras",
    title="Cerebras",
    base_url="https://api.cerebras.ai/v1",
    wire=openai_chat.OUT,
    key_env=("CEREBRAS_API_KEY",),
    signup=Signup(
        "https://cloud.cerebras.ai", 3, free="a trial of 1M tokens a day, 5 requests a minute, shorter context"
    ),
    quirks=_OTHER,
    model_quirks=lambda model: _GPT_OSS if model.startswith("gpt-oss") else None,
    trains=Trains.NO,  # keeps neither prompts nor answers (support.cerebras.net, July 2025)
    quick=True,  # chips of its own, made for inference
)
