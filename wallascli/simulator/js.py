"""Reading JSON that anybody may have written: each function gives the type it names, or an empty one."""

from __future__ import annotations

import json
from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]


def obj(value: object) -> JsonObject:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def arr(value: object) -> list[object]:
    """The value when it is a JSON array, else an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def txt(value: object) -> str:
    """The value when it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """The value when it is a whole number (true and false are none), else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def strings(value: object) -> tuple[str, ...]:
    """One string or a list of them, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(txt(item) for item in arr(value) if txt(item))


def compact(value: object) -> str:
    """JSON without a space, as every provider but Gemini writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
