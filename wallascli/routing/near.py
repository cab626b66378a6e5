"""Names like one that matches nothing: "did you mean"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

# Beyond it a name is no name, and comparing costs time.
_LONGEST = 80
_MOST = 3
_ALIKE = 0.7
_BESIDE = re.compile(r"[^a-z0-9]+")


def near(name: str, own: Iterable[str], models: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The up to three names most like ``name``, best first.

    ``own``: tiers and aliases. ``models``: id and exact name (``provider:id``); which is told depends on which was
    asked for. A name of which ours is only a part (``llama3.3`` of ``llama-3.3-70b-versatile``) is like it too.
    """
    asked = _plain(name[:_LONGEST])
    exact = ":" in name
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(asked)
    found: dict[str, float] = {}
    for shown, plain in _candidates(own, models, exact=exact):
        likeness = _likeness(matcher, asked, plain)
        if likeness > _ALIKE:
            found[shown] = max(likeness, found.get(shown, 0.0))
    return tuple(sorted(found, key=lambda one: (-found[one], len(one), one))[:_MOST])


def _candidates(own: Iterable[str], models: Iterable[tuple[str, str]], *, exact: bool) -> Iterable[tuple[str, str]]:
    for name in own:
        yield name, _plain(name)
    for model, name in models:
        yield (name, _plain(name)) if exact else (model, _plain(model))
        # Few people write the maker before the slash.
        if not exact and "/" in model:
            yield model, _plain(model.rpartition("/")[2])


def _plain(name: str) -> str:
    """What is left of a name when nobody cares how its parts are joined."""
    return _BESIDE.sub("", name.lower())


def _likeness(matcher: SequenceMatcher[str], asked: str, plain: str) -> float:
    if len(asked) >= 4 and asked in plain:
        return 0.8 + 0.2 * len(asked) / len(plain)
    matcher.set_seq1(plain)
    if matcher.real_quick_ratio() <= _ALIKE or matcher.quick_ratio() <= _ALIKE:
        return 0.0
    return matcher.ratio()
