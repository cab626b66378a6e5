"""NVIDIA NIM: a trial of a hundred open models, slow to start and retired without notice."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

# litellm 1.109.1's set, and what vLLM behind it knows besides. Others are extra_forbidden (prompt_cache_key:
# sipeed/picoclaw#1019, March 2026).
_FIELDS = (
    "chat_template_kwargs frequency_penalty guided_json logprobs max_tokens min_p n nvext parallel_tool_calls "
    "presence_penalty reasoning_effort repetition_penalty response_format seed stop stream_options temperature "
    "tool_choice tools top_k top_logprobs top_p"
).split()


def _quirks(*fits: fitting.Fit) -> Quirks:
    return Quirks(
        renames={"max_completion_tokens": "max_tokens"},
        adjust=fitting.all_of(fitting.plain_effort, fitting.only(_FIELDS), fitting.plain_roles, *fits),
    )


# "This model only supports single tool-calls at once!": Llama's template refuses a turn with two calls, and the
# flag alone does not help where the history has one (freellmapi, 2026-08; measured on NIM, July 2026).
_LLAMA = _quirks(fitting.single_calls)
# 400 "Unexpected role 'user' after role 'tool'" for mistralai/* here too (NousResearch/hermes-agent#20154).
_MISTRAL = _quirks(fitting.no_empty_turns, fitting.bridged)


def _by_model(model: str) -> Quirks | None:
    return {"meta": _LLAMA, "mistralai": _MISTRAL}.get(model.partition("/")[0])


PROVIDER = Provider(
    name="nvidia",
    title="NVIDIA NIM",
    base_url="https://integrate.api.nvidia.com/v1",
    wire=openai_chat.OUT,
    key_env=("NVIDIA_API_KEY",),
    signup=Signup(
        "https://build.nvidia.com/settings/api-keys",
        5,
        free="every model, 40 requests a minute, for trying out only",
        note="asks for a phone number",
    ),
    quirks=_quirks(),
    model_quirks=_by_model,
    # trains: prompts may be logged; meant for evaluation and prototypes only (its terms, via freellmapi 2026-08).
    free_models=True,  # the credits ended; a limit of 40 RPM took their place (steipete/CodexBar#2498, 2026)
    quota_per_account=True,
    # first_byte: cold starts take 30 to 60 s, but another candidate is nearly always faster than waiting.
)
