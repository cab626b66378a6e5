"""Ollama Cloud without a local daemon: the same dialect at ollama.com, with a key."""

from wallascli.providers.base import Provider, Signup, Trains
from wallascli.wires import outbound

PROVIDER = Provider(
    name="ollama-cloud",
    title="Ollama Cloud",
    base_url="https://ollama.com",
    wire=outbound("ollama"),
    key_env=("OLLAMA_API_KEY",),
    signup=Signup(
        "https://ollama.com/settings/keys", 3, free="light use, one model at a time, limits by hours and by week"
    ),
    trains=Trains.NO,  # "We do not use them to train models" (docs.ollama.com/cloud, 2026)
    free_models=True,  # plans are flat: a model beyond the free one is a 403, never a bill (freellmapi, 2026-08)
    quota_per_account=True,
)
