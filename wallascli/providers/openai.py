"""OpenAI: paid, and the home of the names most programs ask for."""

import re
from functools import lru_cache

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup, Trains
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

# Not in its schema (openai 3.51.0): "Unrecognized request argument" (400).
_FOREIGN = frozenset({"top_k", "min_p", "repetition_penalty"})
# Refused while a model reasons: 400 unsupported_parameter or unsupported_value (recordings, pydantic-ai 2.68.0).
_SAMPLING = frozenset(
    "temperature top_p presence_penalty frequency_penalty logit_bias logprobs top_logprobs".split()
)
# Efforts seen live and the default (pydantic-ai 2.68.0, probes up to 2026-11-10). The first match wins.
_REASONING = (
    (r"^gpt-5(\.\d)?-chat", "", "none"),
    (r"^chat-latest", "medium", "medium"),
    (r"-pro\b", "medium high xhigh", "high"),
    (r"^(gpt-6-astra|gpt-6\.1-sol)", "low medium high xhigh max", "medium"),
    (r"^gpt-(6|5\.[56])", "none low medium high xhigh max", "medium"),
    (r"^gpt-5\.[1-4]", "none low medium high xhigh", "none"),
    (r"^gpt-5", "minimal low medium high", "medium"),
    (r"^o\d", "low medium high", "medium"),
)
_PLAIN = Quirks(drops=_FOREIGN | {"verbosity"}, adjust=fitting.all_of(fitting.plain_effort, fitting.efforts()))


def _reasoning(levels: tuple[str, ...], default: str) -> Quirks:
    def no_sampling(body: fitting.Body) -> tuple[str, ...]:
        if body.get("reasoning_effort", default) == "none":
            return ()
        return tuple(name for name in sorted(_SAMPLING & body.keys()) if body.pop(name) is not None)

    return Quirks(
        drops=_FOREIGN,
        renames={"max_tokens": "max_completion_tokens"},  # 400 "Unsupported parameter: 'max_tokens'"
        adjust=fitting.all_of(fitting.plain_effort, fitting.efforts(*levels), no_sampling),
    )


@lru_cache(maxsize=256)
def _by_model(model: str) -> Quirks | None:
    found = next((row for row in _REASONING if re.search(row[0], model)), None)
    return _reasoning(tuple(found[1].split()), found[2]) if found else None


PROVIDER = Provider(
    name="openai",
    title="OpenAI",
    base_url="https://api.openai.com/v1",
    wire=openai_chat.OUT,
    key_env=("OPENAI_API_KEY",),
    signup=Signup("https://platform.openai.com/api-keys", 5, card_needed=True),
    quirks=_PLAIN,
    model_quirks=_by_model,
    trains=Trains.NO,  # API data is not used for training by default
    quota_per_account=True,
    # continues: a trailing assistant message begins a new turn here (reference of 2026-11-20).
)
