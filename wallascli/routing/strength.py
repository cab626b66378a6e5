"""A prior for how good a model is, 0 to 1, made of what its name and its list price tell.

It only has to put models into a sensible order until there is something measured or an override with evidence:

* **size**: ``0.1 + 0.2 log10`` of the billions of parameters; of a mixture, the geometric mean of all and
  active ones (120b-a12b counts as 38);
* **price**: ``0.45 + 0.2 log10`` of dollars per million tokens, three of input to one of output: what a market
  is willing to pay. It is the median over providers, free offers left out;
* both: 0.6 size + 0.4 price; neither: 0.3;
* **age**: 0.07 less for each version behind the newest of its family, and what the family itself is behind;
* **reasoning** adds a tenth, a word like ``lite`` takes a little off, and all is stretched to fill 0 to 1.
"""

from __future__ import annotations

import re
from math import log10, sqrt

from wallascli.vocab.models import Price

_TOTAL = re.compile(r"(?<![\w.])e?(\d+(?:\.\d+)?)([bt])(?![\w.])", re.IGNORECASE)
_ACTIVE = re.compile(r"-a(\d+(?:\.\d+)?)b\b", re.IGNORECASE)

# Billions of parameters, all and active, that the name does not tell. From the makers' model cards.
_SIZES: tuple[tuple[str, float, float], ...] = (
    (r"gpt-oss-120b", 117, 5.1),
    (r"gpt-oss-20b", 21, 3.6),
    (r"llama-4-maverick", 400, 17),
    (r"llama-4-scout", 109, 17),
    (r"deepseek-(v3(\.\d)?|r1)$", 671, 37),
    (r"glm-4\.\d$", 355, 32),
    (r"glm-5(\.\d)?$", 744, 40),
    (r"kimi-k2(\.\d)?$", 1000, 32),
    (r"minimax-m2(\.\d)?$", 230, 10),
    (r"mistral-large-2512", 675, 41),
    (r"mistral-medium-3\.5", 128, 128),
    (r"mistral-small-4", 119, 6.5),
    (r"devstral-2512", 123, 123),
    (r"devstral-small", 24, 24),
    (r"codestral", 22, 22),
    (r"voxtral-small", 24, 24),
    (r"pixtral-large", 124, 124),
    (r"open-mistral-nemo", 12, 12),
    (r"command-a(?!-plus)", 111, 111),
    (r"command-r-plus", 104, 104),
    (r"command-r7b", 7, 7),
    (r"command-r$", 32, 32),
)

# Family, its newest version, and how far the family itself is behind in November 2026 (in steps of age).
_FAMILIES: tuple[tuple[str, float, float], ...] = (
    (r"^gpt-oss", 1, 0.05),  # August 2025; Groq's advice for those who lost Llama 3.3 in June 2026
    (r"^gpt-audio", 1.5, 0.2),
    (r"^gpt-", 6.1, 0.0),
    (r"^o\d", 3, 0.2),
    (r"^gemini-", 4, 0.0),
    (r"^claude-\w+-", 5.5, 0.0),
    (r"^gemma-", 4, 0.0),
    (r"^llama-", 4, 0.17),  # the last one is of April 2025
    (r"^qwen", 3.8, 0.0),
    (r"^glm-", 5.3, 0.0),
    (r"^kimi-k", 3.1, 0.0),
    (r"^deepseek-[vr]", 4.1, 0.0),
    (r"^minimax-m", 3.1, 0.0),
    (r"^grok-", 4.7, 0.0),
    (r"^nemotron-", 3.5, 0.0),
    (r"^mistral-(large|small)-", 4, 0.0),
    (r"^mistral-medium-", 3.5, 0.0),
    (r"^(pixtral|open-mistral)", 1, 0.25),  # 2024
    (r"^(codestral|devstral|ministral|voxtral|mistral)", 1, 0.1),
    (r"^command-a-plus", 1, 0.05),
    (r"^command-a", 1, 0.15),
    (r"^(command|c4ai|aya)", 1, 0.25),  # 2024
)
# Mistral writes a year where others write a version: Large 3 is 2512.
_VERSIONS = {"mistral-large-2512": 3.0}
_UNKNOWN = Price()
_WORDS = ((r"nano\b", -0.06), (r"\b(lite|mini|tiny|xs)\b", -0.04), (r"\b(flash|fast|small|instant)\b", -0.02))


def prior(key: str, price: Price = _UNKNOWN, *, reasoning: bool | None = None, model_id: str = "") -> float:
    """The strength of a model by its key (see ``names``); ``model_id`` may tell more of its size."""
    size, paid = _size(key, model_id or key), _paid(price)
    base = 0.6 * size + 0.4 * paid if size and paid else size or paid or 0.3
    base -= _age(key)
    base += 0.1 if reasoning else 0
    base += sum(change for word, change in _WORDS if re.search(word, key))
    return round(min(0.98, max(0.05, (base - 0.1) / 0.72)), 2)


def _size(key: str, model_id: str) -> float:
    """0 if nothing tells it."""
    known = next(((total, active) for name, total, active in _SIZES if re.match(name, key)), None)
    if known is None:
        if (found := _TOTAL.search(model_id) or _TOTAL.search(key)) is None:
            return 0
        total = float(found[1]) * (1000 if found[2] in "tT" else 1)
        active = _ACTIVE.search(model_id)
        known = total, float(active[1]) if active else total
    return max(0.02, 0.1 + 0.2 * log10(max(0.1, sqrt(known[0] * known[1]))))


def _paid(price: Price) -> float:
    """0 if unknown or free."""
    blend = (3 * (price.input or 0) + (price.output or 0)) / 4
    return max(0.02, 0.45 + 0.2 * log10(blend)) if blend > 0 else 0


def _age(key: str) -> float:
    for pattern, newest, behind in _FAMILIES:
        if found := re.match(pattern, key):
            return behind + 0.07 * max(0.0, newest - _version(key, found.end(), newest))
    return 0


def _version(key: str, at: int, newest: float) -> float:
    """The version that stands at this place; a number with a unit behind it is a size."""
    if key in _VERSIONS:
        return _VERSIONS[key]
    found = re.compile(r"v?(\d+(?:\.\d+)?)(?![\d.]*[bt]\b)").match(key, at)
    number = float(found[1]) if found else newest
    return min(number, newest)
