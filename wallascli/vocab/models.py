"""What is known of one model at one provider."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Operation(Enum):
    """What a provider can be asked to do."""

    CHAT = "chat"
    EMBED = "embedding"
    IMAGE = "image"
    VIDEO = "video"
    SPEAK = "tts"
    TRANSCRIBE = "transcription"
    READ = "ocr"
    RERANK = "rerank"
    MODERATE = "moderation"
    MUSIC = "music"


class Modality(Enum):
    """A kind of content a model takes or gives."""

    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VIDEO = "video"
    PDF = "pdf"


class Status(Enum):
    """Where a model is in its life. Retired ones stay listed so that their names are understood."""

    LIVE = "live"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class Continuation(Enum):
    """How a model goes on from a partial answer of its own (or of another model)."""

    PREFIX_FLAG = "prefix flag"
    TRAILING_TURN = "trailing assistant turn"
    MODEL_TURN = "model turn"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. ``None`` is unknown, and unknown counts as paid (P5)."""

    input: float | None = None
    output: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Published limits of a free plan: requests and tokens per minute and per day."""

    rpm: int | None = None
    rpd: int | None = None
    tpm: int | None = None
    tpd: int | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model at one provider. ``None`` means that nobody told us, not "no"."""

    provider: str
    id: str
    operation: Operation = Operation.CHAT
    status: Status = Status.LIVE
    context: int | None = None
    """Window in tokens, input and output together."""
    max_output: int | None = None
    takes: frozenset[Modality] = frozenset({Modality.TEXT})
    gives: frozenset[Modality] = frozenset({Modality.TEXT})
    tools: bool | None = None
    structured: bool | None = None
    reasoning: bool | None = None
    free: bool | None = None
    price: Price = Price()
    limits: Limits = Limits()
    local: bool = False
    leaves_machine: bool = False
    """A local daemon lists it, another machine runs it (``remote_host``, ``-cloud``): never local (P4)."""
    same_as: str = ""
    """Key of the model itself, equal at every provider that serves it."""
    successor: str = ""
    strength: float = 0.5
    """0..1, a prior for quality until there is something better; the catalogue says how it was made."""
    continues: Continuation = Continuation.ASKED
    listed: bool = False
    """Seen in the provider's own listing, not only in the shipped catalogue."""
    note: str = ""

    @property
    def name(self) -> str:
        """``provider:id``, the exact name of this card."""
        return f"{self.provider}:{self.id}"


def runs_elsewhere(model_id: str) -> bool:
    """Whether a local daemon's name for a model says that another machine runs it (Ollama's ``-cloud``, P4)."""
    name = model_id.lower()
    return "-cloud" in name or ":cloud" in name
