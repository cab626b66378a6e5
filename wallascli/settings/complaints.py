"""What is wrong with a setting, said so that a person can mend it: which file, which line, what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from wallascli.settings import text
from wallascli.settings.values import Origin, Place, Source
from wallascli.vocab.failures import Misconfigured

Mistake: TypeAlias = tuple[tuple[str | int, ...], str]
"""Where, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Knows where each value came from, and so where to send a person."""

    file: Path
    text: str
    sources: Mapping[Place, Source]

    def wrong(self, place: Iterable[str | int], what: str, *, hint: str = "") -> Misconfigured:
        """The value at `place` is wrong."""
        path = tuple(place)
        dotted = ".".join(str(part) for part in path if isinstance(part, str))
        source = self._source(path)
        if source is None or source.origin is Origin.FILE:
            line = text.line_of(self.text, path)
            where = f"{self.file}, line {line}" if line else str(self.file)
            return Misconfigured(f"{where}: {dotted}: {what}", hint=hint)
        return Misconfigured(f"{source}: {what}", hint=hint)

    def first_of(self, mistakes: Sequence[Mistake]) -> Misconfigured:
        """The first mistake, and how many more there are."""
        (place, what), *others = mistakes
        return self.wrong(place, what, hint=f"{len(others)} more to mend after this one" if others else "")

    def _source(self, path: tuple[str | int, ...]) -> Source | None:
        place = tuple(str(part) for part in path)
        for length in range(len(place), 0, -1):
            if place[:length] in self.sources:
                return self.sources[place[:length]]
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence: the nearest known words, or nothing."""
    from difflib import get_close_matches  # only where something is wrong

    near = get_close_matches(word, list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
