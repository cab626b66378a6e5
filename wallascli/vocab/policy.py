"""What a caller allows and wishes beside the request itself: headers of HTTP, flags of the command line."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Privacy(Enum):
    """Who may see the conversation."""

    ANY = "any"
    NO_TRAINING = "no_training"
    LOCAL = "local"


@dataclass(frozen=True, slots=True)
class Policy:
    """The caller's half of the switches.

    ``allow_paid`` holds only together with the operator's own switch (P5). ``deadline`` is in seconds from the
    request's arrival and binds even after the first content was sent.
    """

    tier: str = ""
    provider: str = ""
    allow_paid: bool = False
    privacy: Privacy = Privacy.ANY
    deadline: float | None = None
    request_id: str = ""
    conversation: str = ""
