"""What a program gets that talks to the gateway through the official OpenAI SDK, whoever answers."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessage
from pydantic import BaseModel

from tests.clients.talking import ACCENTS, WIRES, asked_of, every_wire, user
from tests.gateway.serving import Gateway
from tests.simulation import SimulatorProcess

pytest_plugins = ("tests.simulation", "tests.clients.talking")

TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Tells the {name.removeprefix('get_')} of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("get_weather", "get_time")
]
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
everybody = pytest.mark.parametrize("who", [*WIRES, *ACCENTS])


class City(BaseModel):
    name: str
    country: str
    inhabitants: int


def text_of(chunks: Iterable[ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


@everybody
def test_a_plain_answer(client: openai.OpenAI, who: str) -> None:
    answer = client.chat.completions.create(model=f"{who}:sim", messages=user("hello"))
    assert answer.object == "chat.completion"
    assert answer.id
    assert abs(answer.created - time.time()) < 120
    assert answer.model == "sim"
    (choice,) = answer.choices
    assert (choice.index, choice.finish_reason) == (0, "stop")
    assert (choice.message.role, choice.message.content) == ("assistant", "echo: hello")
    assert choice.message.tool_calls is None
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@everybody
def test_a_stream_says_the_same_in_pieces(client: openai.OpenAI, who: str) -> None:
    ask: Any = {"model": f"{who}:sim-rich40", "messages": user("hello")}
    whole = client.chat.completions.create(**ask).choices[0].message.content
    chunks = list(client.chat.completions.create(**ask, stream=True))
    assert text_of(chunks) == whole
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {"sim-rich40"}
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) > 20


@everybody
def test_the_stream_helper_puts_it_together(client: openai.OpenAI, who: str) -> None:
    with client.chat.completions.stream(model=f"{who}:sim", messages=user("count to 30")) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        final = stream.get_final_completion()
    expected = " ".join(f"word{n}" for n in range(1, 31))
    assert "".join(deltas) == final.choices[0].message.content == expected


@every_wire
def test_usage_comes_once_at_the_end_of_a_stream_if_asked_for(client: openai.OpenAI, wire: str) -> None:
    ask: Any = {"model": f"{wire}:sim", "messages": user("count to 5"), "stream": True}
    *before, last = client.chat.completions.create(**ask, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens >= 5
    assert [chunk.usage for chunk in before if chunk.usage] == []
    assert [chunk.usage for chunk in client.chat.completions.create(**ask) if chunk.usage] == []


def results(message: ChatCompletionMessage) -> list[Any]:
    """What a program adds to the conversation after it has run the calls."""
    assert message.tool_calls
    told = []
    for call in message.tool_calls:
        assert call.type == "function"
        city = json.loads(call.function.arguments)["city"]
        told.append(
            {"role": "tool", "tool_call_id": call.id, "content": f"{call.function.name}({len(city)}) is fine"}
        )
    return told


def said(chunks: Iterable[ChatCompletionChunk]) -> tuple[ChatCompletionMessage, str]:
    """The message that the pieces of a stream amount to, as a program of one's own puts it together."""
    calls: dict[int, Any] = {}
    text, reason = "", ""
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reason = choice.finish_reason or reason
            for piece in choice.delta.tool_calls or ():
                if piece.index not in calls:
                    assert piece.id
                    assert piece.function
                    calls[piece.index] = {
                        "id": piece.id,
                        "type": "function",
                        "name": piece.function.name,
                        "text": "",
                    }
                calls[piece.index]["text"] += (piece.function and piece.function.arguments) or ""
    assert sorted(calls) == list(range(len(calls)))
    listed = [
        {"id": c["id"], "type": "function", "function": {"name": c["name"], "arguments": c["text"]}}
        for _, c in sorted(calls.items())
    ]
    return ChatCompletionMessage.model_validate(
        {"role": "assistant", "content": text or None, "tool_calls": listed or None}
    ), reason


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@everybody
def test_tools_over_several_turns(client: openai.OpenAI, who: str, stream: bool) -> None:
    """Two calls at once, their results sent back, one more turn with a call of its own, then the answer."""

    def turn(messages: list[Any]) -> tuple[ChatCompletionMessage, str]:
        ask: Any = {"model": f"{who}:sim", "messages": messages, "tools": TOOLS}
        if stream:
            return said(client.chat.completions.create(**ask, stream=True))
        answer: ChatCompletion = client.chat.completions.create(**ask)
        return answer.choices[0].message, str(answer.choices[0].finish_reason)

    messages = user("use get_weather and get_time for Lima")
    message, reason = turn(messages)
    assert reason == "tool_calls"
    assert [call.function.name for call in message.tool_calls or () if call.type == "function"] == [
        "get_weather",
        "get_time",
    ]
    told = results(message)
    assert len({result["tool_call_id"] for result in told}) == 2
    messages += [message.model_dump(exclude_none=True), *told]
    message, reason = turn(messages)
    assert (reason, message.tool_calls) == ("stop", None)
    for result in told:
        assert result["content"] in str(message.content)
    messages += [message.model_dump(exclude_none=True), *user("now only get_time please")]
    message, reason = turn(messages)
    assert reason == "tool_calls"
    messages += [message.model_dump(exclude_none=True), *results(message)]
    message, reason = turn(messages)
    assert str(message.content).startswith("echo: now only get_time please; get_time said ")


@pytest.mark.parametrize("second", [*WIRES, "mistral", "groq"])
@pytest.mark.parametrize("first", [*WIRES, "mistral"])
def test_another_provider_goes_on_with_the_results(
    client: openai.OpenAI, simulator_process: SimulatorProcess, first: str, second: str
) -> None:
    """Ids, thoughts and extras of one provider are in the conversation that the next one gets; each checks it."""
    messages = user("use get_weather and get_time for Lima")
    model = f"{first}:sim" if first == "mistral" else f"{first}:sim-think2"  # its thoughts are a list of parts
    answer = client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
    message = answer.choices[0].message
    told = results(message)
    messages += [message.model_dump(exclude_none=True), *told]
    answer = client.chat.completions.create(model=f"{second}:sim", messages=messages, tools=TOOLS)
    assert answer.choices[0].finish_reason == "stop"
    for result in told:
        assert result["content"] in str(answer.choices[0].message.content)
    if second in ("mistral", "groq"):  # both refuse a message with a field that they do not know
        fields = {field for sent in asked_of(simulator_process)[-1]["body"]["messages"] for field in sent}
        assert fields <= {"role", "content", "tool_calls", "tool_call_id"}


@every_wire
def test_a_tool_may_be_demanded_or_forbidden(client: openai.OpenAI, wire: str) -> None:
    ask: Any = {"model": f"{wire}:sim", "messages": user("hello"), "tools": TOOLS}
    raw = client.chat.completions.with_raw_response.create(
        **ask, tool_choice={"type": "function", "function": {"name": "get_time"}}
    )
    if "tool_choice" in raw.headers.get("x-wallas-dropped", ""):
        assert wire == "ollama"  # its API has no such field
        return
    calls = raw.parse().choices[0].message.tool_calls or []
    assert [call.function.name for call in calls if call.type == "function"] == ["get_time"]
    required = client.chat.completions.create(**ask, tool_choice="required")
    assert required.choices[0].finish_reason == "tool_calls"
    none = client.chat.completions.create(**{**ask, "messages": user("get_time!")}, tool_choice="none")
    assert none.choices[0].message.content == "echo: get_time!"


@every_wire
def test_pictures_arrive_whole(client: openai.OpenAI, wire: str) -> None:
    url = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
    content: Any = [{"type": "text", "text": "what is it?"}, {"type": "image_url", "image_url": {"url": url}}]
    answer = client.chat.completions.create(model=f"{wire}:sim", messages=[{"role": "user", "content": content}])
    digest = hashlib.sha256(PICTURE).hexdigest()[:12]
    expected = f"echo: what is it?; saw 1 media: image {len(PICTURE)} bytes sha256 {digest}"
    assert answer.choices[0].message.content == expected


@every_wire
def test_an_answer_that_is_parsed_into_a_type_of_ones_own(client: openai.OpenAI, wire: str) -> None:
    answer = client.chat.completions.parse(model=f"{wire}:sim", messages=user("Lima"), response_format=City)
    city = answer.choices[0].message.parsed
    assert isinstance(city, City)
    assert city.name
    with client.chat.completions.stream(model=f"{wire}:sim", messages=user("Lima"), response_format=City) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == city


class get_weather(BaseModel):
    """A tool as a type: its arguments come parsed."""

    city: str
    days: int


@every_wire
def test_arguments_of_a_tool_are_parsed_into_its_type(client: openai.OpenAI, wire: str) -> None:
    answer = client.chat.completions.parse(
        model=f"{wire}:sim",
        messages=user("get_weather in Lima"),
        tools=[openai.pydantic_function_tool(get_weather)],
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert isinstance(call.function.parsed_arguments, get_weather)
    assert call.function.parsed_arguments.city == "get_weather in Lima"


@every_wire
def test_two_answers_to_one_question_or_it_is_said_that_there_is_one(client: openai.OpenAI, wire: str) -> None:
    raw = client.chat.completions.with_raw_response.create(model=f"{wire}:sim", messages=user("hello"), n=2)
    texts = [choice.message.content for choice in raw.parse().choices]
    dropped = raw.headers.get("x-wallas-dropped", "")
    assert (texts, dropped) == (
        (["echo: hello", "choice 1: echo: hello"], "") if wire == "openai" else (["echo: hello"], "n")
    )
    chunks = list(client.chat.completions.create(model=f"{wire}:sim", messages=user("hi"), n=2, stream=True))
    ends = [choice.index for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert ends == list(range(len(texts)))


@everybody
def test_thoughts_stand_beside_the_text(client: openai.OpenAI, who: str) -> None:
    ask: Any = {"model": f"{who}:sim-think5", "messages": user("hello")}
    message = client.chat.completions.create(**ask).choices[0].message
    if who == "mistral":  # its own shape is a list of parts, and the wire is the client's: handed on as it is
        assert "step5" in str(message.content)
        return
    extra = message.model_extra or {}
    thought = extra.get("reasoning_content") or extra.get("reasoning")
    assert str(thought).endswith("step5")
    assert message.content == "echo: hello"
    deltas = [c.choices[0].delta for c in client.chat.completions.create(**ask, stream=True) if c.choices]
    told = [
        (d.model_extra or {}).get("reasoning_content") or (d.model_extra or {}).get("reasoning") for d in deltas
    ]
    assert "".join(piece or "" for piece in told) == thought


@pytest.mark.parametrize(
    ("script", "reason", "text"),
    [("length", "length", "echo: hello"), ("filter", "content_filter", "echo: hello")],
)
@every_wire
def test_why_an_answer_ended(client: openai.OpenAI, wire: str, script: str, reason: str, text: str) -> None:
    if script == "filter" and wire in ("ollama", "cohere"):
        return  # they have no word for it
    ask: Any = {"model": f"{wire}:sim-{script}", "messages": user("hello")}
    choice = client.chat.completions.create(**ask).choices[0]
    assert (choice.finish_reason, choice.message.content) == (reason, text)
    last = [c for c in client.chat.completions.create(**ask, stream=True) if c.choices][-1]
    assert last.choices[0].finish_reason == reason


@every_wire
def test_a_stream_left_in_the_middle_stops_the_provider(
    client: openai.OpenAI, simulator_process: SimulatorProcess, wire: str
) -> None:
    stream = client.chat.completions.create(model=f"{wire}:sim-c2000-d5", messages=user("hello"), stream=True)
    for number, _ in enumerate(stream):
        if number == 5:
            stream.close()
            break
    until = time.monotonic() + 5
    while (entry := asked_of(simulator_process)[-1])["outcome"] == "open" and time.monotonic() < until:
        time.sleep(0.02)
    assert entry["outcome"] == "client_gone"
    assert entry["pieces"] < 1_000


async def test_many_at_once_each_get_their_own(served: Gateway) -> None:
    async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:

        async def stream(number: int) -> str:
            wire = WIRES[number % len(WIRES)]
            text = ""
            async for chunk in await client.chat.completions.create(
                model=f"{wire}:sim", messages=user(f"question {number}"), stream=True
            ):
                text += (chunk.choices and chunk.choices[0].delta.content) or ""
            return text

        async def plain(number: int) -> str:
            wire = WIRES[number % len(WIRES)]
            answer = await client.chat.completions.create(model=f"{wire}:sim", messages=user(f"question {number}"))
            return answer.choices[0].message.content or ""

        texts = await asyncio.gather(*(ask(n) for n in range(20) for ask in (stream, plain)))
    assert texts == [f"echo: question {n}" for n in range(20) for _ in range(2)]


@every_wire
async def test_the_asynchronous_client_leaves_as_well(
    served: Gateway, simulator_process: SimulatorProcess, wire: str
) -> None:
    async with openai.AsyncOpenAI(base_url=f"{served.url}/v1", api_key="x", max_retries=0) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await client.chat.completions.create(model=f"{wire}:sim-wait20000", messages=user("hello"))
        until = time.monotonic() + 5
        while not (entries := asked_of(simulator_process)) or entries[-1]["outcome"] == "open":
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
    assert entries[-1]["outcome"] == "client_gone"
