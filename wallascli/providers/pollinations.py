"""Pollinations: many models for credit that one is given, no longer without a key."""

from wallascli.providers import fitting
from wallascli.providers.base import Provider, Signup
from wallascli.wires import openai_chat
from wallascli.wires.base import Quirks

PROVIDER = Provider(
    name="pollinations",
    title="Pollinations",
    # All generation moved here and needs a key (its docs, July 2026); the old text host answered 502.
    base_url="https://gen.pollinations.ai/v1",
    wire=openai_chat.OUT,
    key_env=("POLLINATIONS_API_KEY",),
    signup=Signup(
        "https://enter.pollinations.ai", 3, free="credit ('pollen') that is given and cannot turn into a bill"
    ),
    quirks=Quirks(adjust=fitting.plain_effort),
    # trains: not told; models named owner/model are run by strangers (its docs, 2026).
    free_models=True,  # prepaid pollen runs out, 402, and is never billed (design P5; its docs, July 2026)
    quota_per_account=True,
    listing_needs_key=False,
)
