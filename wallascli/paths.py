"""Where our files lie, and how to write one that nobody else may read.

With `WALLASAPI_HOME` set everything lies below it: `config.toml data/ state/ cache/ logs/`. Else each in the folder
that the system has for such things (platformdirs). Asking for a path never makes it: looking has no side effects.
"""

import os
from pathlib import Path

_NAME = "wallasapi"


def config_file() -> Path:
    """The settings file, whether it exists or not."""
    return _place("user_config_path", "") / "config.toml"


def data_dir() -> Path:
    """What a person would miss: conversations, projects, templates."""
    return _place("user_data_path", "data")


def state_dir() -> Path:
    """What we would miss: pid file, quota counters, circuits."""
    return _place("user_state_path", "state")


def cache_dir() -> Path:
    """What can be had again: the catalogue."""
    return _place("user_cache_path", "cache")


def logs_dir() -> Path:
    """Logs of the server."""
    return _place("user_log_path", "logs")


def private_folder(folder: Path) -> Path:
    """Make `folder` and what lacks above it, each for its owner alone. What exists keeps its mode."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    for part in reversed(missing):
        part.mkdir(mode=0o700, exist_ok=True)
    return folder


def write_private(path: Path, content: bytes) -> None:
    """Replace the file at `path` at once and whole, readable by its owner alone; a link is written through.

    Raises `OSError` and leaves what was there.
    """
    target = path.resolve()
    private_folder(target.parent)
    draft = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else a power cut can leave the new name with nothing in it
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _place(system: str, folder: str) -> Path:
    home = os.environ.get("WALLASAPI_HOME")
    if home:
        return Path(home).expanduser().absolute() / folder
    import platformdirs  # 20 ms that a set WALLASAPI_HOME saves

    place = getattr(platformdirs, system)(_NAME, appauthor=False)
    assert isinstance(place, Path)
    return place
