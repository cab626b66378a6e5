"""The one object that the command line, the gateway and MCP hold, and how it is put together."""

from wallascli.engine.assemble import assemble
from wallascli.engine.core import Engine, Setup

__all__ = ["Engine", "Setup", "assemble"]
