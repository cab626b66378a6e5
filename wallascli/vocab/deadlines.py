"""How long each thing may take, in seconds; every deadline has a name and a reason (P8)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The ``_last`` ones hold when no other candidate is left to ask."""

    connect: float = 5.0
    """Name look-up, TCP and TLS: a provider that cannot shake hands in 5 s is down for our purposes."""
    first_byte: float = 12.0
    """From sending until the first piece of an answer (text, thought, part of a call)."""
    first_byte_last: float = 60.0
    idle: float = 15.0
    """Between two pieces of an answer."""
    idle_last: float = 60.0
    total: float = 300.0
    """From the request's arrival to the first content sent; for a plain (non-streamed) call to its end."""
    pace: float = 40.0
    """Characters in 30 s: fewer, while another candidate is left, is slow."""
