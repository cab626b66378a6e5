"""The settings: flag > environment > `.env` here > `.env` beside the launcher > `config.toml` > default.

`load()` gives plain frozen values; lower layers receive those and never import this package. Each value remembers
where it came from, and `explain()` tells.
"""

from wallascli.settings.explain import Explained, explain
from wallascli.settings.load import load
from wallascli.settings.values import (
    Alias,
    ClientKey,
    Origin,
    ProviderSettings,
    Routing,
    Server,
    Services,
    Settings,
    Source,
    Tier,
)

__all__ = [
    "Alias",
    "ClientKey",
    "Explained",
    "Origin",
    "ProviderSettings",
    "Routing",
    "Server",
    "Services",
    "Settings",
    "Source",
    "Tier",
    "explain",
    "load",
]
