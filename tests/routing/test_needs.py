"""What the content of a request requires: read from all of it, in any language, and never from a name."""

from __future__ import annotations

import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.routing.worlds import ask
from wallascli.routing.needs import Needs, read_needs
from wallascli.vocab.chat import (
    Media,
    Message,
    Part,
    Reasoning,
    Refusal,
    ResponseFormat,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolResult,
)
from wallascli.vocab.models import Modality

PICTURE = Media("image/png", base64="aaaa")
SCHEMA = {"type": "object", "properties": {"city": {"type": "string", "description": "where" * 100}}}


def needs_of(*parts: Part, role: Role = Role.USER) -> Needs:
    return read_needs(ask("auto", messages=(Message(role, parts),)))


@pytest.mark.parametrize(
    ("mime", "modality"),
    [
        ("image/webp", Modality.IMAGE),
        ("audio/wav", Modality.AUDIO),
        ("video/mp4", Modality.VIDEO),
        ("application/pdf", Modality.PDF),
    ],
)
@pytest.mark.parametrize("inside_a_result", [False, True])
def test_every_kind_of_media_is_seen_also_in_what_a_tool_gave_back(
    mime: str, modality: Modality, inside_a_result: bool
) -> None:
    media = Media(mime, base64="aaaa")
    found = needs_of(ToolResult("1", (Text("see"), media)), role=Role.TOOL) if inside_a_result else needs_of(media)
    assert found.takes == {modality}
    assert f"{modality.value} input" in found.signals
    assert not found.plain


def test_media_of_an_older_turn_counts_since_it_is_sent_again() -> None:
    turns = (
        Message(Role.USER, (PICTURE,)),
        Message(Role.ASSISTANT, (Text("A cat."),)),
        Message(Role.USER, (Text("?"),)),
    )
    assert read_needs(ask("auto", messages=turns)).takes == {Modality.IMAGE}


def test_a_file_of_an_unknown_kind_demands_no_modality_but_is_no_plain_text_either() -> None:
    found = needs_of(Media("application/x-thing", base64="aaaa"))
    assert found.takes == frozenset()
    assert not found.plain


def test_tools_and_a_schema_are_needs_and_take_room() -> None:
    bare = read_needs(ask("auto"))
    tooled = read_needs(ask("auto", tools=(Tool("weather", "tells it", SCHEMA),)))
    formed = read_needs(ask("auto", response_format=ResponseFormat("json_schema", "place", SCHEMA)))
    size = len(orjson.dumps(SCHEMA)) // 4
    assert (bare.tools, tooled.tools, formed.structured, formed.tools) == (False, True, True, False)
    assert tooled.tokens >= bare.tokens + size
    assert formed.tokens >= bare.tokens + size
    assert bare.plain
    assert not tooled.plain
    assert not formed.plain


def test_a_schema_nested_beyond_what_can_be_sent_is_no_reason_to_fail_here() -> None:
    deep: dict[str, object] = {}
    for _ in range(300):
        deep = {"properties": deep}
    assert read_needs(ask("auto", tools=(Tool("t", "", deep),))).tools


@pytest.mark.parametrize(
    ("wish", "asked"),
    [
        (None, False),
        (Reasoning(), False),
        (Reasoning("none"), False),
        (Reasoning("minimal"), False),
        (Reasoning("high"), True),
        (Reasoning(budget=2_000), True),
        (Reasoning("none", budget=0), False),
    ],
)
def test_reasoning_is_needed_when_it_is_asked_for(wish: Reasoning | None, asked: bool) -> None:
    assert read_needs(ask("auto", reasoning=wish)).reasoning is asked


def test_the_answer_takes_room_in_the_window_too() -> None:
    found = read_needs(ask("auto", text="x" * 4_000, max_tokens=500))
    assert found.window == found.tokens + 500
    assert 1_000 <= found.tokens <= 1_010


@given(st.lists(st.text(max_size=200), max_size=20))
def test_the_estimate_is_near_a_quarter_of_the_bytes(texts: list[str]) -> None:
    found = needs_of(*(Text(text) for text in texts))
    size = sum(len(text.encode("utf-8", "replace")) for text in texts)
    assert size // 4 - len(texts) <= found.tokens <= size // 4 + len(texts) + 1


@given(st.text(max_size=100))
def test_every_part_of_a_conversation_takes_room(text: str) -> None:
    parts = (Thought(text), Refusal(text), ToolCall("1", "f", text), ToolResult("1", (Text(text),)))
    for part in parts:
        assert needs_of(part, role=Role.ASSISTANT).tokens >= len(text.encode("utf-8", "replace")) // 4


# -- difficulty


CODE = "```\nfor x in y:\n    print(x)\n```"
HARD = {
    "English": f"Please explain what is wrong with this function:\n{CODE}",
    "Spanish": f"Explícame por favor qué le pasa a esta función:\n{CODE}",
    "German": f"Bitte erkläre, was an dieser Funktion falsch ist:\n{CODE}",
    "Chinese": f"请解释这个函数有什么问题:\n{CODE}",
    "Arabic": f"اشرح لي من فضلك ما الخطأ في هذه الدالة:\n{CODE}",
}


def difficulty(text: str) -> float:
    return read_needs(ask("auto", text=text)).difficulty


def test_the_same_question_is_as_hard_in_every_language() -> None:
    assert len({difficulty(text) for text in HARD.values()}) == 1
    assert difficulty(HARD["Spanish"]) > 0


@pytest.mark.parametrize(
    "text", ["hello", "¿Qué tal?", "你好", "Write me a poem about the sea.", "Danke! Und jetzt kürzer."]
)
def test_small_talk_is_easy_in_every_language(text: str) -> None:
    assert difficulty(text) == 0.0


@pytest.mark.parametrize(
    "text",
    ["2 + 2 = ?", "prove that $x^2 + y^2 = z^2$ has solutions", "∫ e^x dx", r"\frac{1}{2}", "10 - 3", "a ≠ b, 3*4"],
)
def test_formulas_are_signs_of_work(text: str) -> None:
    assert "formulas" in read_needs(ask("auto", text=text)).signals


@pytest.mark.parametrize(
    "text",
    ["It costs $5 or $10.", "on 2026-11-20", "call 555-1234", "pages 10-20", "1/2 cup", "I paid US$ 3, then $4."],
)
def test_prices_dates_numbers_and_ranges_are_no_formulas(text: str) -> None:
    assert difficulty(text) == 0.0


def test_a_numbered_list_of_demands_and_a_long_question_are_work() -> None:
    assert difficulty("Do this:\n1. sort\n2. count\n3. print") > 0
    assert difficulty("word " * 400) > 0


def test_only_what_a_person_said_last_is_judged() -> None:
    turns = (
        Message(Role.SYSTEM, (Text(CODE),)),
        Message(Role.USER, (Text(CODE),)),
        Message(Role.ASSISTANT, (Text(CODE),)),
        Message(Role.USER, (Text("thanks!"),)),
    )
    assert read_needs(ask("auto", messages=turns)).difficulty == 0.0


def test_what_a_tool_gave_back_is_no_new_question() -> None:
    """Anthropic's clients send results as a turn of the user's; the question is still the one before."""
    turns = (
        Message(Role.USER, (Text(CODE),)),
        Message(Role.ASSISTANT, (ToolCall("1", "f", "{}"),)),
        Message(Role.USER, (ToolResult("1", (Text("done"),)),)),
    )
    assert "code" in read_needs(ask("auto", messages=turns)).signals


def test_difficulty_stays_between_nothing_and_one_and_names_its_signs() -> None:
    found = read_needs(ask("auto", text=f"{CODE}\n∑ 1\n1. a\n2. b\n3. c\n" + "word " * 400))
    assert found.difficulty == 1.0
    assert found.signals == ("code", "formulas", "several steps", "long question")
    assert read_needs(ask("auto", text=CODE), judge=False).signals == ()


@pytest.mark.parametrize(
    "piece", ["$=", "SELECT ", "\n", "{ ", "1 - ", "</a", "def a", "$", "\n1. ", "- ", "\t", "9", "=" * 60 + "$"]
)
def test_no_text_holds_the_loop(piece: str) -> None:
    """8,000 characters are looked at; a pattern that tries each pair of them would take a second."""
    text = (piece * 8_000)[:8_000]
    quickest = min(_seconds(text) for _ in range(3))
    assert quickest < 0.05


def _seconds(text: str) -> float:
    began = time.process_time()
    read_needs(ask("auto", text="$" + text))
    return time.process_time() - began
