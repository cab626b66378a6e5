"""What is left of a JSON schema for Gemini, and what is said to be gone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.exchanges import load
from wallascli.wires.gemini_schema import fitted

STRING = {"type": "string"}


def fit(schema: Any) -> tuple[dict[str, Any], set[str]]:
    lost: set[str] = set()
    return fitted(schema, lost), lost


def test_a_schema_that_gemini_took_is_sent_as_it_was() -> None:
    (taken,) = load("gemini/structured-gemini-2-5-flash-pydantic-ai-4a46be.json")
    schema = taken.asked["generationConfig"]["responseJsonSchema"]
    assert {"$defs", "properties", "required", "title", "description"} <= schema.keys()
    assert fit(schema) == (schema, set())


def test_the_caller_s_schema_is_never_touched() -> None:
    schema = {"$schema": "x", "allOf": [{"properties": {"a": {"const": 1}}}, {"required": ["a"]}]}
    before = copy.deepcopy(schema)
    fit(schema)
    assert schema == before


@pytest.mark.parametrize("noise", ["$schema", "$comment", "examples", "deprecated", "readOnly", "x-order"])
def test_noise_is_removed_without_a_word(noise: str) -> None:
    assert fit({"type": "object", "properties": {"a": {**STRING, noise: "x"}}, noise: "x"}) == (
        {"type": "object", "properties": {"a": STRING}},
        set(),
    )


@pytest.mark.parametrize("keyword", ["pattern", "minLength", "multipleOf", "not", "if", "patternProperties"])
def test_a_keyword_that_meant_something_is_named(keyword: str) -> None:
    schema = {"type": "array", "items": {"anyOf": [{**STRING, keyword: {}}]}}
    assert fit(schema) == ({"type": "array", "items": {"anyOf": [STRING]}}, {keyword})


def test_a_property_may_be_called_like_a_keyword() -> None:
    schema = {"type": "object", "properties": {"pattern": STRING, "$schema": STRING, "x-a": STRING}}
    assert fit(schema) == (schema, set())


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ({"const": "cat"}, {"enum": ["cat"]}),
        ({"const": 3}, {"enum": [3]}),
        ({"const": None}, {"type": "null"}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "exclusiveMaximum": 10}, {"type": "integer", "maximum": 9}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"allOf": [{"$ref": "#/$defs/A"}]}, {"anyOf": [{"$ref": "#/$defs/A"}]}),
        ({"$ref": "#/definitions/A"}, {"$ref": "#/$defs/A"}),
        ({"$ref": "#/$defs/A", "description": "d"}, {"description": "d", "anyOf": [{"$ref": "#/$defs/A"}]}),
        ({"definitions": {"A": STRING}}, {"$defs": {"A": STRING}}),
        ({"properties": {"a": True}}, {"properties": {"a": {}}}),
        ({"additionalProperties": False, "items": False}, {"additionalProperties": False, "items": False}),
        ({"additionalProperties": {"const": 1}}, {"additionalProperties": {"enum": [1]}}),
        ({"prefixItems": [{"const": 1}]}, {"prefixItems": [{"enum": [1]}]}),
    ],
    ids=str,
)
def test_the_same_is_said_in_words_that_are_read(written: dict[str, Any], sent: dict[str, Any]) -> None:
    assert fit(written) == (sent, set())


@pytest.mark.parametrize(
    ("written", "sent", "lost"),
    [
        ({"const": True}, {}, "const"),
        ({"type": "number", "exclusiveMinimum": 0}, {"type": "number", "minimum": 0}, "exclusiveMinimum"),
        ({"minimum": 1, "exclusiveMinimum": True}, {"minimum": 1}, "exclusiveMinimum"),
        ({"properties": {"a": False}}, {"properties": {"a": {}}}, "false"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string"}, "allOf"),
    ],
    ids=str,
)
def test_what_comes_only_near_is_named(written: dict[str, Any], sent: dict[str, Any], lost: str) -> None:
    assert fit(written) == (sent, {lost})


def test_all_of_is_merged_references_included() -> None:
    schema = {
        "$defs": {"Named": {"type": "object", "properties": {"name": STRING}, "required": ["name"]}},
        "allOf": [{"$ref": "#/$defs/Named"}, {"properties": {"age": {"type": "integer"}}, "required": ["age"]}],
    }
    assert fit(schema) == (
        {
            "$defs": schema["$defs"],
            "type": "object",
            "properties": {"name": STRING, "age": {"type": "integer"}},
            "required": ["name", "age"],
        },
        set(),
    )


def test_a_schema_that_refers_to_itself_ends() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    assert fit({"$defs": {"Node": node}, "$ref": "#/$defs/Node"}) == (
        {"$defs": {"Node": node}, "$ref": "#/$defs/Node"},
        set(),
    )


@pytest.mark.parametrize("schema", [None, [], "string", 7])
def test_what_is_no_schema_allows_everything(schema: Any) -> None:
    assert fit(schema)[0] == {}
