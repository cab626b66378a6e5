"""Cohere: a trial key for a thousand calls a month; embeddings and reranking too."""

from wallascli.providers.base import Provider, Signup, Trains
from wallascli.providers.fitting import Body
from wallascli.wires import outbound
from wallascli.wires.base import Quirks


def _one_penalty(body: Body) -> tuple[str, ...]:
    # Both at once are a 400 (Cohere's docs, 2026-08).
    if body.get("frequency_penalty") and body.get("presence_penalty"):
        del body["presence_penalty"]
        return ("presence_penalty",)
    return ()


PROVIDER = Provider(
    name="cohere",
    title="Cohere",
    base_url="https://api.cohere.com",
    wire=outbound("cohere"),
    key_env=("COHERE_API_KEY", "CO_API_KEY"),
    signup=Signup(
        "https://dashboard.cohere.com/api-keys",
        3,
        free="a trial key: 1,000 calls a month in all, 20 a minute, not for production",
    ),
    quirks=Quirks(adjust=_one_penalty),
    trains=Trains.YES,  # trial data may be used; not confirmed, so the stricter reading
    free_models=True,  # a trial key ends in 429, never in a bill (Cohere's rate limit page, 2026-08)
    quota_per_account=True,
)
