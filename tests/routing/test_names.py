"""A name tells which model it is, however a provider spells it, and never mixes two models up."""

import pytest

from wallascli.routing.names import model_key, operation_by_name
from wallascli.vocab.models import Operation


@pytest.mark.parametrize(
    ("key", "spellings"),
    [
        ("gpt-oss-120b", ["openai/gpt-oss-120b", "gpt-oss-120b:free", "gpt-oss:120b", "gpt-oss:120b-cloud"]),
        ("gemma-4-31b", ["google/gemma-4-31b-it:free", "gemma-4-31B-it", "gemma4:31b", "gemma-4-31b"]),
        (
            "llama-3.3-70b",
            ["llama-3.3-70b-versatile", "Meta-Llama-3.3-70B-Instruct", "llama3.3:70b", "meta/Llama-3.3-70B"],
        ),
        ("claude-haiku-5.5", ["claude-haiku-5-5", "anthropic/claude-haiku-5.5", "claude-haiku-5-5-20260901"]),
        ("claude-sonnet-3.5", ["claude-3-5-sonnet-20241022", "claude-3-5-sonnet-latest", "claude-3.5-sonnet"]),
        ("claude-sonnet-4", ["claude-sonnet-4-0", "claude-sonnet-4-20250514"]),
        ("gpt-4o", ["gpt-4o-2024-08-06", "openai/gpt-4o"]),
        ("gpt-3.5-turbo", ["gpt-3.5-turbo-0125", "gpt-3.5-turbo-1106"]),
        ("glm-5.3", ["zai-glm-5-3", "z-ai/glm-5.3", "zai-org/GLM-5.3"]),
        ("deepseek-v4-pro", ["deepseek/deepseek-v4-pro-0813", "deepseek-ai/DeepSeek-V4-Pro"]),
        ("qwen3.8-27b", ["qwen/qwen3.8-27b", "qwen-3.8-27b", "Qwen/Qwen3.8-27B"]),
        ("qwen3-coder-480b", ["qwen/qwen3-coder-480b-a35b-instruct", "qwen3-coder:480b-cloud"]),
        ("qwen3-8b", ["qwen3:8b", "qwen3:8b-q4_K_M", "Qwen/Qwen3-8B-FP8"]),
        ("llama-4-maverick", ["Llama-4-Maverick-17B-128E-Instruct-FP8", "meta-llama/llama-4-maverick"]),
        ("command-a", ["command-a-03-2025", "cohere/cohere-command-a"]),
        ("gemini-2.0-flash", ["gemini-2.0-flash-001", "models/gemini-2.0-flash"]),
    ],
)
def test_one_model_has_one_key(key: str, spellings: list[str]) -> None:
    assert {spelling: model_key(spelling) for spelling in spellings} == dict.fromkeys(spellings, key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gpt-oss:20b", "gpt-oss:120b"),
        ("qwen3:8b", "qwen3:32b"),
        ("claude-sonnet-4-5", "claude-sonnet-4-6"),
        ("claude-opus-5", "claude-opus-5-5"),
        ("glm-5.3", "glm-5.3-flash"),
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-3.5-turbo", "gpt-3.5-turbo-instruct"),
        ("mistral-large-2411", "mistral-large-2512"),
        ("qwen3-235b-a22b-instruct-2507", "qwen3-235b-a22b-thinking-2507"),
        ("qwen3-235b-a22b", "qwen3-235b-a22b-instruct-2507"),
        ("gemini-embedding-001", "gemini-embedding-2"),
        ("deepseek-r1", "deepseek-r1:8b"),
        ("gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ("nemotron-3-nano-30b-a3b", "nemotron-3-nano-omni-30b-a3b-reasoning"),
    ],
)
def test_two_models_never_share_a_key(one: str, other: str) -> None:
    assert model_key(one) != model_key(other)


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("openai/gpt-oss-120b", Operation.CHAT),
        ("qwen/qwen3-vl-32b", Operation.CHAT),
        ("gemini-3.8-flash", Operation.CHAT),
        ("inclusionai/ling-3.1-flash", Operation.CHAT),
        ("meta-llama/llama-prompt-guard-2-86m", Operation.MODERATE),
        ("openai/gpt-oss-safeguard-20b", Operation.MODERATE),
        ("nvidia/nemotron-3.5-content-safety:free", Operation.MODERATE),
        ("nvidia/llama-nemotron-embed-1b-v2", Operation.EMBED),
        ("whisper-large-v3-turbo", Operation.TRANSCRIBE),
        ("canopylabs/orpheus-v1-english", Operation.SPEAK),
        ("gemini-3.8-flash-tts", Operation.SPEAK),
        ("rerank-v3.5", Operation.RERANK),
        ("gemini-2.5-flash-image", Operation.IMAGE),
        ("veo-3.1-generate-001", Operation.VIDEO),
        ("mistral-ocr-latest", Operation.READ),
    ],
)
def test_a_bare_listing_still_tells_what_a_model_is_for(model: str, operation: Operation) -> None:
    assert operation_by_name(model) is operation
