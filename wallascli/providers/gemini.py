"""Gemini at Google AI Studio: the widest input, a free plan without a card, prompts used for training."""

import re

from wallascli.providers.base import Auth, Provider, Signup, Trains
from wallascli.wires import outbound
from wallascli.wires.base import Quirks

# From 3.0 on sampling is ignored, "deprecated", and to become a 400; candidateCount and the penalties may be one
# already (firebase-js-sdk#10362, flutterfire#18694, September 2026).
_NEWER = Quirks(drops=frozenset("temperature topP topK candidateCount presencePenalty frequencyPenalty".split()))
_OLDER = re.compile(r"^(gemini-[12]\.|gemini-(1\.0-)?pro$|gemma-)")
# 400 "Developer instruction is not enabled" (freellmapi, 2026-08): dropped means folded into the first turn.
_GEMMA_3 = Quirks(drops=frozenset({"systemInstruction"}))


def _by_model(model: str) -> Quirks | None:
    if model.startswith("gemma-3"):
        return _GEMMA_3
    return None if _OLDER.match(model) else _NEWER


PROVIDER = Provider(
    name="gemini",
    title="Google Gemini",
    base_url="https://generativelanguage.googleapis.com/v1beta",
    wire=outbound("gemini"),
    key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    auth=Auth.X_GOOG_API_KEY,
    signup=Signup(
        "https://aistudio.google.com/apikey",
        2,
        free="Flash, Flash-Lite and Gemma: 20 to 1,000 requests a day by model",
        note="not while billing is linked to the project",
    ),
    model_quirks=_by_model,
    trains=Trains.YES,  # free: "used to improve our products" (ai.google.dev/pricing, 2026-10-07)
    quota_per_account=True,  # per project, whatever the key (developersdigest, 2026-10-17)
    # continues: up to 3.1, and 3.5-flash, go on from a model turn; the cards say so. Newer ones answer 400.
)
