"""Each oddity of a provider, seen in the request that would be sent to it."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from wallascli.providers import PROVIDERS
from wallascli.vocab.chat import (
    ChatRequest,
    Message,
    Reasoning,
    Role,
    Text,
    Thought,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from wallascli.wires import openai_chat
from wallascli.wires.base import Rendered

LOOK = Tool("look", "Looks.", {"type": "object", "properties": {}})
HELLO = ChatRequest("auto", (Message(Role.USER, (Text("Hello"),)),))


def said(role: Role, text: str) -> Message:
    return Message(role, (Text(text),))


def called(*ids: str) -> Message:
    return Message(Role.ASSISTANT, tuple(ToolCall(call_id, "look", "{}") for call_id in ids))


def answered(call_id: str) -> Message:
    return Message(Role.TOOL, (ToolResult(call_id, (Text("seen"),), "look"),))


def ask(
    provider: str, model: str, request: ChatRequest = HELLO, *, stream: bool = False, **fields: Any
) -> Rendered:
    return PROVIDERS[provider].render(replace(request, **fields), model, stream=stream)


def ask_raw(provider: str, model: str, *, stream: bool = False, **fields: Any) -> Rendered:
    """The same for a client that speaks OpenAI, whose body goes on as it came."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}], **fields}
    untouched = deepcopy(body)
    rendered = PROVIDERS[provider].render(openai_chat.IN.parse(body), model, stream=stream)
    assert body == untouched, "the caller's own body was changed"
    return rendered


def roles(rendered: Rendered) -> list[str]:
    return [message["role"] for message in rendered.body["messages"]]


# What strict providers refuse


@pytest.mark.parametrize("provider", ["groq", "cerebras", "sambanova", "mistral", "nvidia"])
def test_a_field_a_strict_provider_never_heard_of_is_left_out_and_named(provider: str) -> None:
    rendered = ask_raw(provider, "some-model", store=False, web_search_options={})
    assert not {"store", "web_search_options"} & rendered.body.keys() - ({"store"} if provider == "groq" else set())
    assert "web_search_options" in rendered.dropped


@pytest.mark.parametrize("provider", ["openrouter", "huggingface", "pollinations", "openai"])
def test_unknown_fields_go_through_where_they_are_not_refused(provider: str) -> None:
    rendered = ask_raw(provider, "some-model", prompt_cache_key="a")
    assert rendered.body["prompt_cache_key"] == "a"
    assert rendered.dropped == ()


@pytest.mark.parametrize("provider", ["groq", "cerebras", "mistral"])
def test_thoughts_in_the_history_are_taken_out_where_they_are_refused(provider: str) -> None:
    history = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi", "reasoning_content": "A greeting."},
        {"role": "user", "content": "Again"},
    ]
    rendered = ask_raw(provider, "some-model", messages=history)
    assert all("reasoning_content" not in message for message in rendered.body["messages"])
    assert "messages[].reasoning_content" in rendered.dropped


@pytest.mark.parametrize("provider", ["mistral", "nvidia", "sambanova", "huggingface"])
def test_open_models_are_instructed_by_the_system_as_they_know_no_developer(provider: str) -> None:
    messages = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert roles(ask_raw(provider, "some-model", messages=messages)) == ["system", "user"]
    assert roles(ask_raw("openai", "gpt-6.1-terra", messages=messages)) == ["developer", "user"]


# Groq


def test_groq_gets_none_of_the_parameters_that_none_of_its_models_supports() -> None:
    fields: dict[str, Any] = {
        "logprobs": True,
        "top_logprobs": 2,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.1,
        "n": 2,
    }
    rendered = ask("groq", "openai/gpt-oss-120b", logit_bias={"1": 1}, **fields)
    assert not {*fields, "logit_bias"} & rendered.body.keys()
    assert {*fields, "logit_bias"} <= set(rendered.dropped)


def test_groq_gets_no_function_call_that_is_null() -> None:
    history = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "function_call": None}]
    rendered = ask_raw("groq", "qwen/qwen3.8-27b", messages=[*history, {"role": "user", "content": "Hm"}])
    assert all("function_call" not in message for message in rendered.body["messages"])
    assert rendered.dropped == ()


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("openai/gpt-oss-120b", "none", "low"),
        ("openai/gpt-oss-20b", "max", "high"),
        ("openai/gpt-oss-20b", "medium", "medium"),
        ("qwen/qwen3.8-27b", "none", "none"),
        ("qwen/qwen3.8-27b", "minimal", "low"),
        ("groq/compound", "high", None),
    ],
)
def test_groq_gets_an_effort_that_its_model_knows(model: str, asked: str, sent: str | None) -> None:
    rendered = ask("groq", model, reasoning=Reasoning(asked))
    assert rendered.body.get("reasoning_effort") == sent
    assert ("reasoning_effort" in rendered.dropped) == (asked != sent)


# Cerebras, SambaNova


def test_cerebras_gets_no_bias_that_it_would_not_apply() -> None:
    assert ask("cerebras", "qwen-3.8-27b", logit_bias={"1": 1}).dropped == ("logit_bias",)


def test_gpt_oss_at_cerebras_cannot_be_told_not_to_think() -> None:
    assert ask("cerebras", "gpt-oss-120b", reasoning=Reasoning("none")).body["reasoning_effort"] == "low"
    assert ask("cerebras", "qwen-3.8-27b", reasoning=Reasoning("none")).body["reasoning_effort"] == "none"


def test_sambanova_gets_text_as_one_string() -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    rendered = ask_raw("sambanova", "DeepSeek-V3.2", messages=[{"role": "user", "content": parts}])
    assert rendered.body["messages"] == [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize("provider", ["sambanova", "mistral", "nvidia"])
def test_the_limit_goes_by_its_old_name_where_the_new_one_is_refused(provider: str) -> None:
    rendered = ask_raw(provider, "some-model", max_completion_tokens=7)
    assert rendered.body["max_tokens"] == 7
    assert "max_completion_tokens" not in rendered.body
    assert rendered.dropped == ()


# Mistral


def test_mistral_calls_the_seed_random_seed() -> None:
    rendered = ask("mistral", "mistral-small-latest", seed=4)
    assert rendered.body["random_seed"] == 4
    assert "seed" not in rendered.body
    assert rendered.dropped == ()


def test_mistral_gets_call_ids_of_nine_alphanumerics_that_still_belong_together() -> None:
    history = (said(Role.USER, "Look"), called("call_abcdefghijklmnop"), answered("call_abcdefghijklmnop"))
    messages = ask("mistral", "mistral-large-4-0", messages=history).body["messages"]
    call_id = messages[1]["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert call_id.isalnum()
    assert messages[2]["tool_call_id"] == call_id


def test_mistral_is_never_asked_for_usage_that_it_sends_anyway() -> None:
    assert "stream_options" not in ask("mistral", "mistral-large-4-0", stream=True).body


def test_mistral_gets_an_assistant_turn_between_a_tool_and_the_user() -> None:
    history = (said(Role.USER, "Look"), called("a"), answered("a"), said(Role.USER, "And?"))
    rendered = ask("mistral", "mistral-large-4-0", messages=history)
    assert roles(rendered) == ["user", "assistant", "tool", "assistant", "user"]
    assert rendered.body["messages"][3]["content"], "an empty turn is refused as well"


def test_mistral_goes_on_from_a_last_turn_that_is_marked_as_prefix() -> None:
    rendered = ask("mistral", "mistral-large-4-0", messages=(*HELLO.messages, said(Role.ASSISTANT, "Good mor")))
    assert rendered.body["messages"][-1] == {"role": "assistant", "content": "Good mor", "prefix": True}
    assert "prefix" not in rendered.body["messages"][0]


def test_mistral_gets_no_turn_with_neither_text_nor_call() -> None:
    history = (said(Role.USER, "Hm"), Message(Role.ASSISTANT, (Thought("hm"),)), said(Role.USER, "Well?"))
    assert roles(ask("mistral", "mistral-large-4-0", messages=history)) == ["user", "user"]
    assert roles(ask("mistral", "mistral-large-4-0", messages=history[1:2])) == []


def test_mistral_gets_no_tools_that_must_not_be_used() -> None:
    rendered = ask("mistral", "mistral-large-4-0", tools=(LOOK,), tool_choice=ToolChoice("none"))
    assert not {"tools", "tool_choice"} & rendered.body.keys()
    assert "tools" in rendered.dropped


# NVIDIA


def test_llama_at_nvidia_gets_one_call_a_turn() -> None:
    history = (said(Role.USER, "Look twice"), called("a", "b"), answered("b"), answered("a"))
    rendered = ask("nvidia", "meta/llama-3.3-70b-instruct", messages=history, tools=(LOOK,))
    assert rendered.body["parallel_tool_calls"] is False
    assert roles(rendered) == ["user", "assistant", "tool", "assistant", "tool"]
    calls = [m["tool_calls"][0]["id"] for m in rendered.body["messages"] if m["role"] == "assistant"]
    results = [m["tool_call_id"] for m in rendered.body["messages"] if m["role"] == "tool"]
    assert calls == results == ["a", "b"]
    assert rendered.dropped == ()


def test_who_wanted_parallel_calls_of_llama_is_told_that_there_are_none() -> None:
    rendered = ask("nvidia", "meta/llama-3.3-70b-instruct", tools=(LOOK,), parallel_tool_calls=True)
    assert rendered.dropped == ("parallel_tool_calls",)


def test_others_at_nvidia_keep_their_parallel_calls() -> None:
    history = (said(Role.USER, "Look twice"), called("a", "b"), answered("a"), answered("b"))
    rendered = ask("nvidia", "openai/gpt-oss-120b", messages=history, tools=(LOOK,))
    assert roles(rendered) == ["user", "assistant", "tool", "tool"]
    assert "parallel_tool_calls" not in rendered.body


def test_mistral_at_nvidia_is_as_strict_as_at_home() -> None:
    history = (said(Role.USER, "Look"), called("a"), answered("a"), said(Role.USER, "And?"))
    rendered = ask("nvidia", "mistralai/mistral-large-3-675b-instruct-2512", messages=history)
    assert roles(rendered) == ["user", "assistant", "tool", "assistant", "user"]


# OpenAI


@pytest.mark.parametrize("model", ["gpt-6-astra", "gpt-6.1-terra", "gpt-5-mini", "o3", "chat-latest"])
def test_a_reasoning_model_gets_the_newer_limit_and_no_sampling(model: str) -> None:
    rendered = ask("openai", model, max_tokens=9, temperature=0.2, top_p=0.9, presence_penalty=0.1)
    assert rendered.body["max_completion_tokens"] == 9
    assert not {"max_tokens", "temperature", "top_p", "presence_penalty"} & rendered.body.keys()
    assert set(rendered.dropped) == {"temperature", "top_p", "presence_penalty"}


@pytest.mark.parametrize(("model", "effort"), [("gpt-5.4", ""), ("gpt-5.2", "none"), ("gpt-6.1-terra", "none")])
def test_sampling_stays_where_the_model_does_not_reason(model: str, effort: str) -> None:
    rendered = ask("openai", model, temperature=0.2, reasoning=Reasoning(effort) if effort else None)
    assert rendered.body["temperature"] == 0.2
    assert rendered.dropped == ()


def test_sampling_goes_when_a_model_is_told_to_reason() -> None:
    assert ask("openai", "gpt-5.4", temperature=0.2, reasoning=Reasoning("high")).dropped == ("temperature",)


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("gpt-6-astra", "none", "low"),
        ("gpt-6.1-sol", "max", "max"),
        ("gpt-5.5-pro", "low", "medium"),
        ("o3", "max", "high"),
    ],
)
def test_openai_gets_an_effort_that_its_model_knows(model: str, asked: str, sent: str) -> None:
    assert ask("openai", model, reasoning=Reasoning(asked)).body["reasoning_effort"] == sent


def test_a_plain_model_keeps_its_limit_and_gets_no_effort() -> None:
    rendered = ask("openai", "gpt-4o", max_tokens=9, temperature=0.2, reasoning=Reasoning("low"))
    assert rendered.body["max_tokens"] == 9
    assert rendered.body["temperature"] == 0.2
    assert rendered.dropped == ("reasoning_effort",)


def test_openai_gets_no_parameter_of_other_makers() -> None:
    rendered = ask("openai", "gpt-4o", top_k=3, min_p=0.1, repetition_penalty=1.1)
    assert set(rendered.dropped) == {"top_k", "min_p", "repetition_penalty"}


# OpenRouter and those who do not speak its words


def test_the_reasoning_object_of_openrouter_stays_there_and_is_translated_elsewhere() -> None:
    wish = {"effort": "high", "exclude": True}
    assert ask_raw("openrouter", "openai/gpt-6.1-sol", reasoning=wish).body["reasoning"] == wish
    elsewhere = ask_raw("openai", "gpt-6.1-sol", reasoning=wish)
    assert elsewhere.body["reasoning_effort"] == "high"
    assert elsewhere.dropped == ("reasoning.exclude",)


def test_nobody_is_denied_data_collection_unasked() -> None:
    assert "provider" not in ask("openrouter", "google/gemma-4-31b-it:free").body


# Gemini


def test_newer_gemini_models_get_no_sampling() -> None:
    rendered = ask("gemini", "gemini-3.8-flash", temperature=0.1, top_k=4, presence_penalty=0.2, max_tokens=5)
    assert rendered.body["generationConfig"] == {"maxOutputTokens": 5}
    assert set(rendered.dropped) == {"temperature", "top_k", "presence_penalty"}


@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemma-4-31b-it"])
def test_older_gemini_models_and_gemma_keep_their_sampling(model: str) -> None:
    assert ask("gemini", model, temperature=0.1).body["generationConfig"]["temperature"] == 0.1


def test_gemma_3_is_instructed_in_the_first_turn() -> None:
    request = replace(HELLO, messages=(said(Role.SYSTEM, "Be brief."), *HELLO.messages))
    body = ask("gemini", "gemma-3-27b-it", request).body
    assert "systemInstruction" not in body
    assert body["contents"][0]["parts"][0]["text"] == "Be brief."
    assert "systemInstruction" in ask("gemini", "gemma-4-31b-it", request).body


# Cohere


def test_cohere_gets_one_penalty_of_two() -> None:
    rendered = ask("cohere", "command-a-03-2025", frequency_penalty=0.5, presence_penalty=0.5)
    assert rendered.body["frequency_penalty"] == 0.5
    assert rendered.dropped == ("presence_penalty",)


# Anthropic


@pytest.mark.parametrize("model", ["claude-opus-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-opus-4-8"])
def test_claude_models_that_refuse_sampling_get_none(model: str) -> None:
    assert ask("anthropic", model, temperature=0.5).dropped == ("temperature",)


def test_other_claude_models_keep_their_sampling() -> None:
    assert ask("anthropic", "claude-sonnet-4-6", temperature=0.5).body["temperature"] == 0.5


def test_a_budget_becomes_an_effort_where_budgets_are_refused() -> None:
    rendered = ask("anthropic", "claude-opus-4-8", reasoning=Reasoning(budget=8000))
    assert rendered.body["thinking"]["type"] == "adaptive"
    assert "budget_tokens" not in rendered.body["thinking"]
    assert rendered.body["output_config"] == {"effort": "medium"}
    assert "reasoning.max_tokens" in rendered.dropped


def test_an_effort_becomes_a_budget_where_efforts_are_unknown() -> None:
    rendered = ask("anthropic", "claude-haiku-4-5", reasoning=Reasoning("medium"))
    assert rendered.body["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert "output_config" not in rendered.body


def test_a_budget_that_does_not_fit_means_no_thinking_and_is_named() -> None:
    rendered = ask("anthropic", "claude-sonnet-4-5", reasoning=Reasoning("high"), max_tokens=500)
    assert "thinking" not in rendered.body
    assert "reasoning_effort" in rendered.dropped


def test_claude_models_that_always_think_are_not_told_to_stop() -> None:
    opus = ask("anthropic", "claude-opus-5-5", reasoning=Reasoning("none"))
    assert "thinking" not in opus.body
    sonnet = ask("anthropic", "claude-sonnet-5-5", reasoning=Reasoning("none"))
    assert sonnet.body["thinking"] == {"type": "between_tools"}
    assert "reasoning_effort" in opus.dropped
    assert "reasoning_effort" in sonnet.dropped
