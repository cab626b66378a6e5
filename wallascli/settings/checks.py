"""Kinds of values that `config.toml` may hold: each a function that gives the value as the program wants it.

What is wrong is said in our own words and never repeats the value, for it may be a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from wallascli.settings.complaints import Mistake, did_you_mean

Part: TypeAlias = str | int

_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE = r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)\s*"
# What people write into an environment variable.
_BOOLS = dict.fromkeys("1 on t true y yes".split(), True) | dict.fromkeys("0 off f false n no".split(), False)


class Refused(ValueError):
    """A value is wrong. Of a table or a list: everything that is wrong in it, each with its place below it."""

    def __init__(self, what: str = "", inside: Iterable[Mistake] = ()) -> None:
        super().__init__(what)
        self.mistakes = list(inside) or [((), what)]


Check: TypeAlias = Callable[[object], Any]
"""Raises `Refused`."""


def text(value: object) -> str:
    if not isinstance(value, str):
        raise Refused("should be a valid string")
    return value


def word(value: object) -> str:
    if not (found := text(value)):
        raise Refused("should have at least 1 character")
    return found


def switch(value: object) -> bool:
    meant = _BOOLS.get(str(value).lower()) if isinstance(value, str | int) else None
    if meant is None:
        raise Refused("should be a valid boolean, such as true or false")
    return meant


def number(value: object) -> float:
    if isinstance(value, bool):
        raise Refused("a number is needed, not true or false")  # TOML's true would pass as the number 1
    try:
        found = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        found = None
    if found is None:
        raise Refused("should be a valid number")
    if not math.isfinite(found):
        raise Refused("should be a finite number")
    return found


def whole(value: object) -> int:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            raise Refused("should be a valid integer") from None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = number(value)
    if found != int(found):
        raise Refused("should be a valid integer, not a fraction")
    return int(found)


def size(value: object) -> int:
    """Bytes, from a number or from what a person writes: `32 MiB`."""
    if isinstance(value, str):
        found = re.fullmatch(_SIZE, value.lower())
        if not found or found[2] not in _UNITS:
            raise Refused('a size is needed, such as "32 MiB"')
        value = int(float(found[1]) * _UNITS[found[2]])
    return int(above_zero(whole(value)))


def above_zero(value: object) -> float:
    if (found := number(value)) <= 0:
        raise Refused("should be greater than 0")
    return found


def not_below_zero(value: object) -> float:
    if (found := number(value)) < 0:
        raise Refused("should be greater than or equal to 0")
    return found


def between(least: int, most: int) -> Check:
    def check(value: object) -> int:
        found = whole(value)
        if found < least:
            raise Refused(f"should be greater than or equal to {least}")
        if found > most:
            raise Refused(f"should be less than or equal to {most}")
        return found

    return check


def one_of(words: Mapping[str, object] | tuple[str, ...]) -> Check:
    """One of these words; of a mapping, what it stands for."""

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in words:
            *others, last = map(repr, words)
            raise Refused(f"should be {', '.join(others)} or {last}")
        return words[value] if isinstance(words, Mapping) else value

    return check


def url(value: object) -> str:
    """An address without its last slash."""
    address = text(value).strip()
    try:
        parts = urlsplit(address)
    except ValueError:  # a bracket of an IPv6 address that is not closed
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Refused("an address is needed that begins with http:// or https://")
    return address.rstrip("/")


def key(value: object) -> str:
    """A key as it may go into a header."""
    found = text(value)
    if not re.fullmatch(r"[!-~]+", found):
        raise Refused("a key has no spaces, line breaks or letters beyond ASCII: was it copied whole?")
    return found


def client_key(value: object) -> str:
    """The same for a key of our clients, which may be given as its digest."""
    found = text(value)
    if found.startswith("sha256:") and not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", found):
        raise Refused("sha256: is followed by 64 hexadecimal digits")
    return key(found)


def many(check: Check, *, least: int = 0) -> Check:
    """A list, or one alone without the brackets."""

    def each(value: object) -> tuple[Any, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list | tuple):
            raise Refused("should be a valid list")
        if len(values) < least:
            raise Refused(f"should have at least {least} item")
        return tuple(_checked((number, check, one) for number, one in enumerate(values)).values())

    return each


def table(keys: Mapping[str, Check], *, needs: tuple[str, ...] = ()) -> Check:
    """A table that knows its keys: another key is a mistake."""

    def check(value: object) -> dict[Part, Any]:
        given = _dictionary(value)
        parts = [(name, keys.get(name) or _unknown(name, keys), one) for name, one in given.items()]
        return _checked([*parts, *((name, _missing, None) for name in needs if name not in given)])

    return check


def named(check: Check) -> Check:
    """A table whose keys are names of the user's own."""
    return lambda value: _checked((name, check, one) for name, one in _dictionary(value).items())


def _dictionary(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Refused("should be a valid dictionary")
    return value


def _unknown(name: str, keys: Iterable[str]) -> Check:
    def check(_value: object) -> None:
        raise Refused(f"unknown key{did_you_mean(name, keys)}")

    return check


def _missing(_value: object) -> None:
    raise Refused("is missing")


def _checked(parts: Iterable[tuple[Part, Check, object]]) -> dict[Part, Any]:
    good: dict[Part, Any] = {}
    wrong: list[Mistake] = []
    for part, check, value in parts:
        try:
            good[part] = check(value)
        except Refused as exc:
            wrong += [((part, *place), what) for place, what in exc.mistakes]
    if wrong:
        raise Refused(inside=wrong)
    return good
