"""Keys out of texts, before anything is logged, shown or stored (P7).

OpenAI repeats the key in its 401, whole or masked [openai/error-401-req-llm-d3e8e1].
"""

from __future__ import annotations

import re
from collections.abc import Iterable

INSTEAD = "[key]"

# The forms of keys that providers hand out; a key of another form is known to the caller and replaced exactly.
_FORMS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?:sk|csk|nvapi)-[A-Za-z0-9_-]{16,}|(?:gsk|hf|ghp|github_pat)_[A-Za-z0-9_]{16,}"
    r"|AIza[A-Za-z0-9_-]{30,})"
)
# What a mask leaves: "test-key***enai", "***********", "sk-proj…abcd". Each is looked for at the start of a word
# only: a picture in base64 is one word of megabytes, and a search from each of its letters would take hours.
_MASKED = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]*(?:\*{3,}|•{3,})[A-Za-z0-9_-]*")
_SHORTENED = re.compile(r"(?<![A-Za-z0-9_-])([A-Za-z0-9_-]{2,200}?)(?:\.{3}|…|x{3,})([A-Za-z0-9_-]{2,200})")
# A shorter "key" (a test's "x") would blank out ordinary words.
_SHORTEST = 6
# So much of a key's beginning gives it away: a long message is cut somewhere, also in the middle of a key.
_TELLING = 12


def without_secrets(text: str, keys: Iterable[str] = ()) -> str:
    """``text`` with every one of ``keys`` replaced, whole or masked, and everything that has the form of a key."""
    known = sorted((key for key in keys if len(key) >= _SHORTEST), key=len, reverse=True)
    for key in known:
        text = text.replace(key, INSTEAD)
        if len(key) > _TELLING and key[:_TELLING] in text:
            text = re.sub(re.escape(key[:_TELLING]) + r"[A-Za-z0-9_-]*", INSTEAD, text)
    text = _MASKED.sub(INSTEAD, _FORMS.sub(INSTEAD, text))

    def shortened(found: re.Match[str]) -> str:
        head, tail = found.groups()
        hit = any(key.startswith(head) and key.endswith(tail) for key in known)
        return INSTEAD if hit else found.group()

    return _SHORTENED.sub(shortened, text)
