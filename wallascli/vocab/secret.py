"""A string that must never be shown: redaction by type, so that no formatting can leak it."""

from __future__ import annotations

import hashlib
from typing import final


@final
class Secret:
    """Holds a key. ``str``, ``repr`` and ``format`` show at most its last four characters."""

    __slots__ = ("_value", "fingerprint")

    def __init__(self, value: str) -> None:
        self._value = value
        self.fingerprint = hashlib.sha256(value.encode()).hexdigest()[:12]
        """Twelve hexadecimal digits that tell keys apart in files and logs without holding them."""

    def reveal(self) -> str:
        """The key itself: only for the request header that carries it."""
        return self._value

    def __str__(self) -> str:
        return f"…{self._value[-4:]}" if len(self._value) >= 12 else "…"

    def __repr__(self) -> str:
        return f"Secret({self!s})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not pickled")
