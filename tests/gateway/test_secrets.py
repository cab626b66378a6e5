"""Keys stay secret (P7) whatever a provider says and wherever it says it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.gateway.serving import gateway

# Of no form that is known to be a key's.
KEY = "Very" + "Secret" + "Words0123456789abcdef"
PIECE = KEY[:12]

ERRORS: dict[str, tuple[int, object]] = {
    "whole": (401, {"message": f"bad key {KEY}", "type": KEY, "code": KEY}),
    "field": (422, {"message": "wrong", "code": KEY, "param": f"headers.{KEY}"}),
    "cut": (401, {"message": f"bad key {KEY[:20]}"}),
    "long": (400, {"message": "x" * 1990 + KEY + "x" * 4000}),
    "inner": (500, {"message": json.dumps({"error": {"message": KEY, "param": KEY}}), "metadata": {"raw": KEY}}),
    "address": (404, {"message": f"no https://somewhere/?key={KEY}&alt=sse"}),
    "page": (500, f"<html><title>500 Bearer {KEY}</title>{KEY}</html>"),
}


class _Indiscreet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, said = ERRORS[asked["model"]]
        body = (said if isinstance(said, str) else json.dumps({"error": said})).encode()
        self.send_response(status, f"no {KEY}")
        self.send_header("x-key", KEY)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def indiscreet() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Indiscreet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_no_answer_page_log_or_file_repeats_a_key(tmp_path: Path, indiscreet: str) -> None:
    table = (
        f'[providers.bad]\nbase_url = "http://{indiscreet}/v1"\nkeys = ["{KEY}"]\nfree = true\n'
        f"models = {json.dumps(list(ERRORS))}\n"
        f'[providers.named]\nbase_url = "http://me:{KEY}@{indiscreet}/v1?key={KEY}"\nmodels = ["m"]\n'
    )
    with gateway(tmp_path, table) as running:
        for model in ERRORS:
            for stream in (False, True):
                refused = running.ask(f"bad:{model}", stream=stream)
                assert refused.status_code >= 400
                assert PIECE not in refused.text + str(refused.headers), model
        for page in ("/v1/providers", "/v1/stats", "/v1/models", "/health"):
            assert PIECE not in running.get(page).text, page
        assert PIECE not in running.post("/v1/routing/explain", {"model": "auto"}).text
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.name != "config.toml":
            assert PIECE.encode() not in file.read_bytes(), file
