"""Variables: of the process, of `.env` in the working folder, of `.env` beside the launcher, in this order."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wallascli.settings.values import Origin, Place, Source

# Set by the launcher script to its own real path. Without it (pip, pipx) there is no second .env.
LAUNCHER = "WALLASAPI_LAUNCHER"

# Variable -> the value it sets. Keys of providers are not here: their rows name those variables.
VARIABLES: dict[str, Place] = {
    "WALLAS_HOST": ("server", "host"),
    "WALLAS_PORT": ("server", "port"),
    "WALLAS_ALLOW_PAID": ("routing", "allow_paid"),
    "WALLAS_OLLAMA_VERSION": ("server", "ollama_version"),
    "OLLAMA_UPSTREAM": ("providers", "ollama", "base_url"),
    "OBSIDIAN_VAULT_PATH": ("services", "obsidian_vault"),
    "CAMOFOX_URL": ("services", "camofox_url"),
}
CLIENT_KEY = "PROXY_API_KEY"


@dataclass(frozen=True, slots=True)
class Variables:
    """All places that set variables, the strongest first; no file for the process itself."""

    places: tuple[tuple[Path | None, Mapping[str, str]], ...]

    def get(self, name: str) -> tuple[str, Source] | None:
        """The value and where it came from. One that is set to nothing hides those behind it."""
        for file, variables in self.places:
            if name in variables:
                value = variables[name].strip()
                return (value, Source(Origin.DOTENV if file else Origin.ENVIRONMENT, name, file)) if value else None
        return None


def gather(environ: Mapping[str, str], folder: Path) -> Variables:
    """From the process's own variables and the two files, each read once and only if it is there."""
    files = [folder / ".env"]
    if launcher := environ.get(LAUNCHER):
        files.append(Path(launcher).resolve().parent / ".env")
    places: list[tuple[Path | None, Mapping[str, str]]] = [(None, environ)]
    for file in dict.fromkeys(file.resolve() for file in files):
        places.append((file, _read(file)))
    return Variables(tuple(places))


def _read(file: Path) -> Mapping[str, str]:
    try:
        text = file.read_text("utf-8-sig", "replace")
    except OSError:
        return {}  # none there, a folder by that name, or not ours to read
    from dotenv.parser import parse_stream  # costs 10 ms, and most folders have no .env

    # The file may belong to another program: a line that makes no sense to us is none of our business.
    return {line.key: line.value for line in parse_stream(io.StringIO(text)) if line.key and line.value is not None}
