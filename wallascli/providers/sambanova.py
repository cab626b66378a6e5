"""SambaNova Cloud: large open models on its own chips, a tiny free tier."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

# What litellm 1.109.1 sends there; n, penalties, logprobs and seed are not among it.
_FIELDS = (
    "max_tokens parallel_tool_calls reasoning_effort response_format stop stream_options temperature tool_choice "
    "tools top_k top_p"
).split()


def _quirks(*levels: str) -> Quirks:
    return Quirks(
        renames={"max_completion_tokens": "max_tokens"},
        flat_content=True,  # lists of text parts are refused by text models (litellm 1.109.1)
        adjust=fitting.all_of(
            fitting.plain_effort, fitting.only(_FIELDS), fitting.efforts(*levels), fitting.plain_roles
        ),
    )


_GPT_OSS = _quirks("low", "medium", "high")
_OTHER = _quirks()

PROVIDER = Provider(
    name="sambanova",
    title="SambaNova",
    base_url="https://api.sambanova.ai/v1",
    wire=openai_chat.OUT,
    key_env=("SAMBANOVA_API_KEY",),
    # Sources differ: 20 requests a day (docs, 2026-07-21), or nothing once the first $5 are gone
    # (freellmapi, 2026: 402 "payment method required").
    signup=Signup("https://cloud.sambanova.ai/apis", 3, free="20 requests a day for each model"),
    quirks=_OTHER,
    model_quirks=lambda model: _GPT_OSS if model.startswith("gpt-oss") else None,
    # trains: no statement was found.
    quick=True,  # chips of its own, made for inference
)
