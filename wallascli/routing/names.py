"""What the name of a model tells: which model it is, wherever it is served, and what it is for.

Providers spell the same weights differently (``openai/gpt-oss-120b:free``, ``gpt-oss:120b-cloud``). A key is
equal for two names only if they mean the same model; a size or a version never gets lost on the way. What no
rule can know (Mistral Small 4 is ``mistral-small-2603``) is said in ``tools/catalogue_overrides.toml``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from wallascli.vocab.models import Operation

_SIZE_TAG = re.compile(r"(?:e?\d+(?:\.\d+)?|\d+x\d+)[bmt]\b")
_KIND_TAG = re.compile(r"(?:thinking|reasoning)\b")
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"-cloud$", ""),
        (r"-(?:q\d\w*|fp\d+|bf16|f16|int[48]|awq|gptq|gguf|qat|nvfp4|mxfp4)(?=-|$)", ""),
        (r"(?<=\d)_(?=\d)", "."),
        # Dates: 2024-08-06, 20241022, 08-2024, 0731. Mistral's 2512 is a version, and no month is called 25.
        (r"-20\d\d-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])(?=-|$)", ""),
        (r"-(?:0[1-9]|1[0-2])-20\d\d(?=-|$)", ""),
        (r"-(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$", ""),
        (r"^(gemini-\d.*)-00\d$", r"\1"),
        (r"^(?:meta-|nvidia-|zai-|cohere-)(?=llama|nemotron|glm|command)", ""),
        (r"^(llama|gemma|phi)-?(?=\d)", r"\1-"),
        (r"^qwen-(?=\d)", "qwen"),
        # gpt-3.5-turbo-instruct is not gpt-3.5-turbo; claude-instant is no "instant" llama.
        (r"^(?!gpt-\d)(.*)-(?:it|instruct)(?=-|$)", r"\1"),
        (r"^(llama.*)-(?:versatile|instant)$", r"\1"),
        (r"^(llama-4-(?:maverick|scout))-17b-\d+e", r"\1"),
        (r"-a\d+(?:\.\d+)?b(?=-|$)", ""),
        (r"(?<=\d)-(?=\d{1,2}(?:-|$))", "."),
        (r"^claude-(\d[\d.]*)-(opus|sonnet|haiku)", r"claude-\2-\1"),
        (r"^(claude-.*?)(?:\.0)?(?:-latest)?$", r"\1"),
    )
)

_OPERATIONS: tuple[tuple[re.Pattern[str], Operation], ...] = tuple(
    (re.compile(pattern), operation)
    for pattern, operation in (
        (r"guard|moderation|content-safety|safety-classifier", Operation.MODERATE),
        (r"re-?rank", Operation.RERANK),
        (r"embed|(^|/)(bge|gte|e5)-|nv-?clip", Operation.EMBED),
        (r"whisper|transcri|(^|[-/])asr([-/.]|$)|parakeet|canary", Operation.TRANSCRIBE),
        (r"(^|[-/])tts([-/.:]|$)|orpheus|playai|magpie", Operation.SPEAK),
        (r"(^|[-/])ocr([-/.:]|$)|(^|/)parse-v", Operation.READ),
        (r"lyria|(^|[-/])music", Operation.MUSIC),
        (r"(^|[-/])(veo|sora)([-/.:]|\d|$)|video|seedance", Operation.VIDEO),
        (
            r"image|imagen|dall-e|flux|stable-diffusion|sdxl|nano-?banana|dreamshaper|zimage|seedream|kontext",
            Operation.IMAGE,
        ),
    )
)


@lru_cache(maxsize=4096)
def model_key(model_id: str) -> str:
    """The key of the model behind an id: equal for all spellings of the same weights."""
    name, _, tag = model_id.lower().rpartition("/")[2].partition(":")
    if _SIZE_TAG.match(tag) or _KIND_TAG.match(tag):
        name = f"{name}-{tag}"
    for pattern, replacement in _STEPS:
        name = pattern.sub(replacement, name)
    return name


def operation_by_name(model_id: str) -> Operation:
    """What a model is for, where a listing gives no more than its id. ``CHAT`` if nothing says otherwise."""
    name = model_id.lower()
    return next((kind for pattern, kind in _OPERATIONS if pattern.search(name)), Operation.CHAT)


def local_name(model_id: str) -> str:
    """What Ollama makes of a name: letters of either case, its own registry and ``:latest`` may stand or not."""
    name = model_id.lower().removeprefix("registry.ollama.ai/").removeprefix("library/")
    return name.removesuffix(":latest")
