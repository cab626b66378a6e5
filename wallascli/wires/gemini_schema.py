"""Fitting a JSON schema to what Gemini reads of one.

``parametersJsonSchema`` and ``responseJsonSchema`` take JSON schema as it is: ``$defs``, ``$ref``, ``oneOf`` and
``default`` in gemini/structured-gemini-2-5-flash-pydantic-ai-4a46be, ``additionalProperties`` in
gemini/pdf-gemini-3-flash-preview-pydantic-ai-0421ec. The older ``parameters`` answers a 400 to any key it does not
know. Of all keywords only those Google documents (google-genai 3.3.0, ``response_json_schema``) have an effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

_READ = frozenset(
    "$id $defs $ref $anchor type format title description enum default items prefixItems minItems maxItems minimum "
    "maximum anyOf oneOf properties additionalProperties required propertyOrdering".split()
)
# Removed without a word: they describe a schema to people and tools and change no value that fits it.
# ``$schema`` makes calls fail now and then (google-gemini/gemini-cli#21963).
_NOISE = frozenset(
    "$schema $comment $vocabulary example examples deprecated readOnly writeOnly discriminator xml externalDocs "
    "contentEncoding contentMediaType markdownDescription enumDescriptions errorMessage".split()
)


def fitted(schema: Any, lost: set[str]) -> dict[str, Any]:
    """A copy with the keywords that are read; names of those that meant something and are gone go to ``lost``."""
    root = schema if isinstance(schema, Mapping) else {}
    return _node(schema, root, lost)


def _node(schema: Any, root: Mapping[str, Any], lost: set[str]) -> dict[str, Any]:
    if not isinstance(schema, Mapping):
        if schema is not True:
            lost.add("false")
        return {}
    node = _rewritten(schema, root, lost)
    kept: dict[str, Any] = {}
    for key, value in node.items():
        if key in _READ:
            kept[key] = _WITHIN.get(key, _as_is)(value, root, lost)
        elif key not in _NOISE and not key.startswith("x-"):
            lost.add(key)
    return _lonely_ref(kept)


def _as_is(value: Any, root: Mapping[str, Any], lost: set[str]) -> Any:
    return value


def _ref(value: Any, root: Mapping[str, Any], lost: set[str]) -> Any:
    return str(value).replace("#/definitions/", "#/$defs/")


def _one(value: Any, root: Mapping[str, Any], lost: set[str]) -> Any:
    return value if isinstance(value, bool) else _node(value, root, lost)


def _many(value: Any, root: Mapping[str, Any], lost: set[str]) -> Any:
    return [_node(item, root, lost) for item in value] if isinstance(value, list) else value


def _named(value: Any, root: Mapping[str, Any], lost: set[str]) -> Any:
    return {k: _node(v, root, lost) for k, v in value.items()} if isinstance(value, Mapping) else value


_WITHIN: dict[str, Callable[[Any, Mapping[str, Any], set[str]], Any]] = {
    "$ref": _ref,
    "$defs": _named,
    "properties": _named,
    "additionalProperties": _one,
    "items": _one,
    "prefixItems": _many,
    "anyOf": _many,
    "oneOf": _many,
}


def _lonely_ref(kept: dict[str, Any]) -> dict[str, Any]:
    """Beside ``$ref`` only keys that begin with ``$`` may stand (Google's documentation): wrap it if others do."""
    beside = {key: value for key, value in kept.items() if not key.startswith("$")}
    if "$ref" not in kept or not beside or "anyOf" in beside:
        return kept
    return {**{k: v for k, v in kept.items() if k.startswith("$") and k != "$ref"}, **beside} | {
        "anyOf": [{"$ref": kept["$ref"]}]
    }


def _rewritten(schema: Mapping[str, Any], root: Mapping[str, Any], lost: set[str]) -> dict[str, Any]:
    """The same meaning in keywords that are read, as far as there are any."""
    node = dict(schema)
    if "definitions" in node:
        node["$defs"] = {**node.pop("definitions"), **node.get("$defs", {})}
    if "allOf" in node:
        _flatten(node, root, lost)
    if "const" in node:
        _constant(node, lost)
    _inclusive(node, "exclusiveMinimum", "minimum", lambda bound: math.floor(bound) + 1, lost)
    _inclusive(node, "exclusiveMaximum", "maximum", lambda bound: math.ceil(bound) - 1, lost)
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        node["type"] = [node["type"], "null"]
    if isinstance(node.get("nullable"), bool):
        del node["nullable"]
    return node


def _flatten(node: dict[str, Any], root: Mapping[str, Any], lost: set[str]) -> None:
    parts = node.pop("allOf")
    if isinstance(parts, list) and len(parts) == 1 and "anyOf" not in node:
        node["anyOf"] = parts  # all of one is any of one
        return
    for part in parts if isinstance(parts, list) else ():
        for key, value in _resolved(part, root).items():
            if key == "properties":
                node[key] = {**value, **node.get(key, {})}
            elif key == "required":
                node[key] = [*dict.fromkeys([*node.get(key, ()), *value])]
            elif node.setdefault(key, value) != value:
                lost.add("allOf")


def _resolved(part: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference points to, one step; itself where it is none or leads nowhere."""
    found: Any = part
    if isinstance(part, Mapping) and str(part.get("$ref", "")).startswith("#/"):
        found = root
        for step in part["$ref"][2:].split("/"):
            found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else part if isinstance(part, Mapping) else {}


def _constant(node: dict[str, Any], lost: set[str]) -> None:
    """``enum`` is documented for strings and numbers only."""
    value = node.pop("const")
    if value is None:
        node["type"] = "null"
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        node["enum"] = [value]
    else:
        lost.add("const")


def _inclusive(node: dict[str, Any], old: str, new: str, step: Callable[[float], int], lost: set[str]) -> None:
    """An exclusive bound of whole numbers is an inclusive one a step further; of others it is nearly so."""
    if old not in node:
        return
    bound = node.pop(old)
    whole = node.get("type") == "integer"
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        lost.add(old)
        return
    if not whole:
        lost.add(old)
    node.setdefault(new, step(bound) if whole else bound)
