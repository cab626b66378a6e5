"""Recorded exchanges with real providers, as bytes on the wire.

The files lie below ``recordings/``, one folder a provider, each with its source and licence inside. Bodies that
a recorder kept parsed are written again as compact JSON: their white space is ours, their content is not.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent / "recordings"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer to it. ``file`` is relative to ``recordings/``; ``index`` counts within it."""

    file: str
    index: int
    kind: str
    method: str
    url: str
    asked: Any
    """The request body: parsed JSON, or text, or ``None``."""
    status: int
    headers: Mapping[str, str]
    """Response headers, names in lower case."""
    chunks: tuple[bytes, ...]
    """The response body as the network delivered it, or in one piece where no recorder kept that."""
    streamed: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def provider(self) -> str:
        return self.file.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.file}#{self.index}"


@cache
def load(file: str) -> tuple[Exchange, ...]:
    """Every exchange of ``provider/name.json``, in the order they happened; a ``.json.gz`` is found as well."""
    path = RECORDINGS / file
    raw = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())
    held = json.loads(raw)
    exchanges = held if isinstance(held, list) else [held]
    return tuple(_exchange(file, index, exchange) for index, exchange in enumerate(exchanges))


def recorded() -> tuple[str, ...]:
    """The names of all files, for ``load``."""
    paths = (path.relative_to(RECORDINGS).as_posix() for path in RECORDINGS.glob("*/*.json*"))
    return tuple(sorted({path.removesuffix(".gz") for path in paths}))


def _exchange(file: str, index: int, held: Mapping[str, Any]) -> Exchange:
    request, response = held["request"], held["response"]
    body = _response_body(response)
    return Exchange(
        file=file,
        index=index,
        kind=held["kind"],
        method=request["method"],
        url=request["url"],
        asked=request.get("body", request.get("body_text")),
        status=response["status"],
        headers={name.lower(): value for name, value in response["headers"].items()},
        chunks=_cut(body, response.get("chunk_sizes") or [len(body)]),
        streamed="sse" in response or "ndjson" in response,
    )


def _response_body(response: Mapping[str, Any]) -> bytes:
    for key in ("sse", "ndjson", "text"):
        if key in response:
            return str(response[key]).encode()
    if "base64" in response:
        return base64.b64decode(response["base64"])
    return json.dumps(response.get("body"), ensure_ascii=False, separators=(",", ":")).encode()


def _cut(body: bytes, sizes: list[int]) -> tuple[bytes, ...]:
    chunks, start = [], 0
    for size in sizes:
        chunks.append(body[start : start + size])
        start += size
    assert start == len(body), "the recorded chunks do not add up to the body"
    return tuple(chunks)
