"""Tools are called because the request says so, with arguments that fit, as often as it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallascli.simulator.answer import compose
from wallascli.simulator.question import Call, Question, Tool, Turn
from wallascli.simulator.samples import sample
from wallascli.simulator.script import parse
from wallascli.simulator.tools import calls

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER, CLOCK = Tool("get_weather", CITY), Tool("get_time", {"type": "object", "properties": {}})


def names(text: str, script: str = "", after: tuple[Turn, ...] = (), **more: Any) -> list[str]:
    question = Question((Turn("user", text), *after), False, tools=(WEATHER, CLOCK), **more)
    return [call.name for call in calls(question, parse(script))]


def done(*called: str) -> tuple[Turn, ...]:
    turn = Turn("assistant", calls=tuple(Call(name, "{}") for name in called))
    return (turn, *(Turn("tool", f"result of {name}", name=name) for name in called))


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("hello", {}, []),
        ("use get_weather please", {}, ["get_weather"]),
        ("get_time and get_weather", {}, ["get_time", "get_weather"]),
        ("first get_time, then get_weather", {}, ["get_time"]),
        ("get_time and get_weather", {"parallel": False}, ["get_time"]),
        ("get_weather", {"choice": "none"}, []),
        ("hello", {"choice": "required"}, ["get_weather"]),
        ("get_weather", {"choice": "get_time"}, ["get_time"]),
        ("forget_weathering", {}, []),
    ],
)
def test_the_request_decides_what_is_called(text: str, more: dict[str, Any], expected: list[str]) -> None:
    assert names(text, **more) == expected


def test_several_turns_end_in_an_answer_that_shows_the_results() -> None:
    text = "first get_time, then get_weather"
    assert names(text, after=done("get_time")) == ["get_weather"]
    both = done("get_time") + done("get_weather")
    assert names(text, after=both) == []
    answer = compose(Question((Turn("user", text), *both), False, tools=(WEATHER, CLOCK)), parse(""))
    said = "".join(answer.texts[0])
    assert said == f"echo: {text}; get_time said result of get_time; get_weather said result of get_weather"


def test_a_script_calls_whatever_is_asked() -> None:
    assert names("hello", "tools3") == ["get_weather", "get_time", "get_weather"]
    assert names("hello", "tools3", after=done("get_weather")) == []
    assert names("hello", "turns2") == ["get_weather"]
    assert names("hello", "turns2", after=done("get_weather")) == ["get_time"]
    assert names("hello", "turns2", after=done("get_weather") + done("get_time")) == []


def test_calls_of_one_turn_can_be_told_apart() -> None:
    question = Question((Turn("user", "hi"),), False, tools=(WEATHER,))
    said = [json.loads(call.arguments) for call in calls(question, parse("tools2"))]
    assert said == [{"city": "hi"}, {"city": "hi #2"}]


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "maxLength": 4},
            {"type": "STRING", "enum": ["a", "b"]},
            {"type": "integer", "minimum": 3},
            {"type": "number", "maximum": -1.5},
            {"type": "boolean"},
            {"type": ["null", "integer"]},
            {"const": 5},
        ]
    ),
    lambda inner: st.one_of(
        inner.map(lambda item: {"type": "array", "items": item, "minItems": 2}),
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1).map(
            lambda properties: {"type": "object", "properties": properties, "required": list(properties)}
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda options: {"anyOf": options}),
    ),
    max_leaves=8,
)


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """A judge of its own, for the few words of JSON schema above."""
    if "const" in schema or "enum" in schema:
        return value in schema.get("enum", [schema.get("const")])
    if "anyOf" in schema:
        return any(fits(value, option) for option in schema["anyOf"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return any(_fits_kind(value, kind.lower(), schema) for kind in kinds)


def _fits_kind(value: Any, kind: str, schema: dict[str, Any]) -> bool:
    match kind:
        case "object":
            inner = schema["properties"]
            return set(value) == set(inner) and all(fits(value[name], inner[name]) for name in inner)
        case "array":
            return len(value) >= schema["minItems"] and all(fits(item, schema["items"]) for item in value)
        case "string":
            return isinstance(value, str) and len(value) <= schema.get("maxLength", 1000)
        case "integer":
            return isinstance(value, int) and value >= schema.get("minimum", value)
        case "number":
            return isinstance(value, int | float) and value <= schema.get("maximum", value)
        case _:
            return isinstance(value, bool) if kind == "boolean" else value is None


@given(SCHEMAS, st.text(max_size=20))
def test_a_sample_fits_its_schema(schema: dict[str, Any], seed: str) -> None:
    assert fits(sample(schema, seed), schema)


def test_references_are_followed_and_circles_end() -> None:
    node: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    assert sample({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "x") == 7
    assert isinstance(sample({"$ref": "#/$defs/node", "$defs": {"node": node}}, "x"), dict)
