"""What every handler needs, held by the application."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from aiohttp import web

from wallascli.engine import Engine
from wallascli.gateway.door import Door


@dataclass(slots=True)
class Context:
    """One per server. ``draining`` is set when the server has been told to stop; ``in_flight`` counts requests."""

    engine: Engine
    door: Door
    draining: bool = False
    in_flight: int = 0
    started: float = field(default_factory=time.time)


CONTEXT = web.AppKey("context", Context)
"""Also on the request, so that a handler reaches it with one look-up."""
