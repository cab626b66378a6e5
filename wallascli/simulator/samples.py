"""A value that fits a JSON schema, always the same one for the same schema and seed text."""

from __future__ import annotations

import re

from wallascli.simulator.js import JsonObject, arr, obj, txt, whole

DEEPEST = 12
FORMATS = {
    "date": "2026-11-20",
    "time": "12:00:00Z",
    "date-time": "2026-11-20T12:00:00Z",
    "email": "a@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


def sample(schema: object, seed: str) -> object:
    """A value for the schema; strings hold the seed text where the schema lets them."""
    return _value(obj(schema), seed, obj(schema), 0)


def _value(schema: JsonObject, seed: str, root: JsonObject, depth: int) -> object:
    schema = _resolved(schema, root)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if choices := arr(schema.get("enum")):
        return choices[0]
    for union in ("anyOf", "oneOf", "allOf"):
        if options := arr(schema.get(union)):
            return _value(obj(options[0]), seed, root, depth + 1)
    return _of_kind(_kind(schema), schema, seed, root, depth)


def _resolved(schema: JsonObject, root: JsonObject) -> JsonObject:
    for _ in range(DEEPEST):
        path = txt(schema.get("$ref"))
        if not path:
            break
        schema = root
        for step in path.removeprefix("#/").split("/"):
            schema = obj(schema.get(step)) if step != "#" else root
    return schema


def _kind(schema: JsonObject) -> str:
    stated = schema.get("type")
    kinds = [txt(kind).lower() for kind in (stated if isinstance(stated, list) else [stated])]
    named = [kind for kind in kinds if kind and kind != "null"]
    return named[0] if named else "object" if "properties" in schema else "null" if "null" in kinds else "string"


def _of_kind(kind: str, schema: JsonObject, seed: str, root: JsonObject, depth: int) -> object:
    match kind:
        case "object":
            return _object(schema, seed, root, depth)
        case "array":
            item = _value(obj(schema.get("items")), seed, root, depth + 1)
            return [item] * max(1 if depth < DEEPEST else 0, whole(schema.get("minItems")) or 0)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema, seed)


def _object(schema: JsonObject, seed: str, root: JsonObject, depth: int) -> JsonObject:
    required = {txt(name) for name in arr(schema.get("required"))}
    return {
        name: _value(obj(inner), seed, root, depth + 1)
        for name, inner in obj(schema.get("properties")).items()
        if depth < DEEPEST or name in required
    }


def _number(schema: JsonObject) -> float | int:
    for bound, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0), ("exclusiveMaximum", -1)):
        limit = schema.get(bound)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            return limit + step
    return 7


def _string(schema: JsonObject, seed: str) -> str:
    if fixed := FORMATS.get(txt(schema.get("format"))):
        return fixed
    longest = whole(schema.get("maxLength"))
    text = seed or "text"
    if schema.get("pattern") and not re.search(txt(schema.get("pattern")), text):
        text = "0"
    return text[:longest].ljust(whole(schema.get("minLength")) or 0, "x")
