"""HuggingFace's router: open models at a dozen hosts, for a small monthly credit."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

PROVIDER = Provider(
    name="huggingface",
    title="HuggingFace",
    base_url="https://router.huggingface.co/v1",
    wire=openai_chat.OUT,
    key_env=("HUGGINGFACE_API_KEY", "HF_TOKEN"),
    signup=Signup(
        "https://huggingface.co/settings/tokens",
        3,
        free="$0.10 of credit a month",
        note="a token that may 'make calls to Inference Providers'",
    ),
    quirks=Quirks(adjust=fitting.all_of(fitting.plain_effort, fitting.plain_roles)),
    # trains: the router keeps no bodies, but the host behind it has its own rules (HuggingFace's docs, 2026-08).
    free_models=True,  # 402 once the monthly credit is spent (design P5)
    quota_per_account=True,
)
