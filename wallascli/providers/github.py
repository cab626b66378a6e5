"""GitHub Models, which is no more."""

from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat

PROVIDER = Provider(
    name="github",
    title="GitHub Models",
    base_url="https://models.github.ai/inference",
    wire=openai_chat.OUT,
    key_env=("GITHUB_TOKEN",),
    signup=Signup("https://github.com/settings/tokens", 3, note="a token with the scope models:read"),
    # orgs/community#203602 (August 2026). The token lies in most developers' shells: never ask unbidden.
    retired="GitHub ended GitHub Models on 2026-07-30: inference, catalogue and playground are all gone.",
)
