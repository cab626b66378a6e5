"""OpenRouter: hundreds of models of many hosts behind one key, some of them free."""

from wallascli.providers.base import Provider, Signup, Trains
from wallascli.wires import openai_chat

PROVIDER = Provider(
    name="openrouter",
    title="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    wire=openai_chat.OUT,
    key_env=("OPENROUTER_API_KEY",),
    signup=Signup(
        "https://openrouter.ai/settings/keys",
        2,
        free="the models whose name ends in :free, 50 requests a day (1,000 once $10 were ever bought)",
    ),
    # No drops: what a model does not know is ignored there, not refused (OpenRouter's docs, 2026-08).
    # Free hosts may train on prompts or publish them. Its `provider: {data_collection: "deny"}` would exclude
    # them, but is never added unbidden (P3): under privacy = no_training this row is left out instead.
    trains=Trains.YES,
    quota_per_account=True,  # "additional accounts or API keys will not affect your rate limits" (its docs)
    listing_needs_key=False,
    # continues: it documents a trailing assistant turn for all, but Anthropic 4.6+ refuse it and others begin
    # a new turn (pydantic-ai 2.68.0), and which host answers is not known before.
)
