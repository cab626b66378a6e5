"""Ollama on this machine: free, private, as fast as the machine is."""

from wallascli.providers.base import Auth, Provider, Signup, Trains
from wallascli.wires import outbound

PROVIDER = Provider(
    name="ollama",
    title="Ollama (local)",
    base_url="http://127.0.0.1:11434",
    wire=outbound("ollama"),
    auth=Auth.NONE,
    signup=Signup(
        "https://ollama.com/download",
        5,
        free="everything, on your own machine",
        note="no key: install it, then `ollama pull qwen3`",
    ),
    trains=Trains.NO,
    local=True,  # but for models it lists as -cloud: their cards say that they leave the machine
    keyless=True,
    listing_needs_key=False,
    first_byte=120,  # a model is loaded into memory first
    # continues: only some of its templates go on from a trailing assistant turn; the cards say which.
)
