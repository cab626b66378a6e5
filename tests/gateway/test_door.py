"""Who may call, by which names, methods and headers; and that what a caller shows goes no further."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.odd import GOOD
from tests.gateway.serving import Gateway, Pretended, config, gateway
from tests.simulation import SimulatorProcess
from wallascli.gateway.app import ROUTES
from wallascli.gateway.door import Door
from wallascli.settings import ClientKey

pytest_plugins = ("tests.simulation",)

CHAT = "/v1/chat/completions"
SECRET, DIGESTED = "a-clients-own-key", "another-clients-key"
KEYED = f"""[server]
keys = ["{SECRET}", "sha256:{hashlib.sha256(DIGESTED.encode()).hexdigest()}"]
allowed_hosts = ["gate.example"]
allowed_origins = ["https://app.example"]
"""
# Paths that stand for each route, as a client would write them.
PATHS = [(route.method, route.path.replace("{name:.+}", "some-model")) for route in ROUTES[:-1]]


@pytest.fixture(scope="module")
def free(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    """Without keys."""
    settings = config(_shared_simulator_process.url, [Pretended("well", models=("sim",))])
    with gateway(tmp_path_factory.mktemp("free"), settings) as started:
        yield started


@pytest.fixture(scope="module")
def keyed(
    tmp_path_factory: pytest.TempPathFactory, _shared_simulator_process: SimulatorProcess
) -> Iterator[Gateway]:
    settings = config(_shared_simulator_process.url, [Pretended("well", models=("sim",))], KEYED)
    with gateway(tmp_path_factory.mktemp("keyed"), settings) as started:
        yield started


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# -- hosts and origins


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:8001", "127.8.8.8", "gate.example:80"]
)
def test_this_machine_and_allowed_hosts_may_be_named(keyed: Gateway, host: str) -> None:
    assert keyed.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "gate.example.evil", "", "[::2]", "@"],
)
def test_another_host_is_refused_though_it_leads_here(keyed: Gateway, host: str) -> None:
    """A page of evil.example whose name was pointed at 127.0.0.1 sends its own name."""
    assert refused(keyed.get("/", headers={"Host": host})) == (403, "host_not_allowed")


def test_bound_to_every_address_any_of_them_may_be_named(
    tmp_path: Path, simulator_process: SimulatorProcess
) -> None:
    """As machines of the network do. A name may be pointed here by somebody else's server, a number may not."""
    settings = config(simulator_process.url, [], f'[server]\nhost = "0.0.0.0"\nkeys = ["{SECRET}"]\n')
    with gateway(tmp_path, settings) as wide:
        local = replace(wide, url=f"http://127.0.0.1:{wide.port}")
        hosts = ["192.168.7.7:8001", "10.0.0.5", "[fe80::1]:80", "localhost", "evil.example", "0x7f.1"]
        assert [local.get("/", headers={"Host": host}).status_code for host in hosts] == [200] * 4 + [403] * 2
        assert local.get("/v1/models", headers={"Host": hosts[0]}).status_code == 401


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("https://app.example", True),
        ("http://app.example", False),
        ("https://evil.example", False),
        ("https://localhost.evil.example", False),
        ("null", False),
        ("file://", False),
        ("chrome-extension://localhost", False),
    ],
)
def test_a_page_of_this_machine_or_an_allowed_one_may_call(keyed: Gateway, origin: str, welcome: bool) -> None:
    response = keyed.get("/health", headers={"Origin": origin})
    assert response.status_code == 200 if welcome else refused(response) == (403, "origin_not_allowed")


# -- keys

SHOWN = [
    ("Authorization", "Bearer {}"),
    ("Authorization", "bearer   {}"),
    ("Authorization", "{}"),
    ("x-api-key", "{}"),
    ("x-goog-api-key", "{}"),
]


@pytest.mark.parametrize("key", [SECRET, DIGESTED])
@pytest.mark.parametrize(("header", "form"), SHOWN)
def test_a_key_opens_however_it_is_shown(keyed: Gateway, key: str, header: str, form: str) -> None:
    response = keyed.post(CHAT, GOOD, headers={header: form.format(key)})
    assert response.json()["choices"][0]["message"]["content"] == "echo: hello"


def test_a_key_opens_in_the_query(keyed: Gateway) -> None:
    assert keyed.get(f"/v1/models?key={SECRET}").status_code == 200
    assert refused(keyed.get("/v1/models?key=wrong")) == (401, "invalid_api_key")


@pytest.mark.parametrize("key", ["wrong", SECRET + "x", SECRET[:-1], SECRET.upper(), "sha256:", "ключ"])
@pytest.mark.parametrize(("header", "form"), SHOWN[::3])
def test_another_key_does_not_open(keyed: Gateway, key: str, header: str, form: str) -> None:
    response = keyed.post(CHAT, GOOD, headers={header: form.format(key).encode()})
    assert refused(response) == (401, "invalid_api_key")


def test_a_digest_is_no_key(keyed: Gateway) -> None:
    digest = "sha256:" + hashlib.sha256(DIGESTED.encode()).hexdigest()
    assert refused(keyed.get("/v1/models", headers={"x-api-key": digest})) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("method", "path"), [*PATHS, ("GET", "/v1/nowhere"), ("POST", "/health"), ("GET", "/health/x")]
)
def test_every_route_wants_a_key_but_two(keyed: Gateway, method: str, path: str) -> None:
    with keyed.plain() as client:
        response = client.request(method, path, json={} if method == "POST" else None)
    if (method, path) in {("GET", "/health"), ("GET", "/")}:
        assert response.status_code == 200
        assert client_free_head(keyed, path) == 200
    else:
        assert refused(response) == (401, "missing_api_key")


def client_free_head(keyed: Gateway, path: str) -> int:
    with keyed.plain() as client:
        return client.head(path).status_code


def test_every_known_key_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the time taken would tell which one came near."""
    compared: list[bytes] = []

    def watched(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", watched)
    door = Door(tuple(ClientKey.of(key) for key in ("a", "b", "c")))
    for key in ("a", "b", "c", "d"):
        compared.clear()
        assert (door.refuses("GET", "/v1/models", {"Host": "localhost", "x-api-key": key}, None) is None) == (
            key < "d"
        )
        assert len(compared) == 3


@pytest.mark.parametrize("which", ["free", "keyed"])
def test_what_a_client_shows_is_never_passed_on(
    request: pytest.FixtureRequest, simulator_process: SimulatorProcess, which: str
) -> None:
    running: Gateway = request.getfixturevalue(which)
    headers = {
        "Authorization": f"Bearer {SECRET}",
        "x-api-key": SECRET,
        "x-goog-api-key": SECRET,
        "Cookie": f"session={SECRET}",
        "X-Forwarded-For": "203.0.113.9",
        "User-Agent": "somebody/1.0",
        "OpenAI-Organization": "org-theirs",
        "X-Own": SECRET,
    }
    response = running.post(f"{CHAT}?key={SECRET}", GOOD, headers=headers)
    assert response.status_code == 200
    [seen] = simulator_process.log()
    assert seen["query"] == {}
    assert seen["headers"]["authorization"].endswith("well"[-4:])  # the log shows the end of a key
    assert {name for name in seen["headers"] if name.startswith(("x-", "cookie", "openai"))} == set()
    assert "somebody" not in str(seen)
    assert SECRET not in str(seen)
    assert SECRET not in response.text + str(response.headers)


# -- methods, paths, headers


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "HEAD"])
def test_another_method_is_a_405_that_names_the_right_one(free: Gateway, method: str) -> None:
    with free.plain() as client:
        response = client.request(method, CHAT)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        assert refused(response) == (405, "method_not_allowed")


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_route_breaks_at_any_method(free: Gateway, method: str, path: str) -> None:
    with free.plain() as client:
        for other in ("GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "BREW"):
            if other != method:
                status = client.request(other, path).status_code
                # No parser of HTTP knows BREW: that is a 400 before any route is looked for.
                expected = 200 if (other, method) == ("HEAD", "GET") else 400 if other == "BREW" else 405
                assert status == expected or (path.endswith("some-model") and status == 404), f"{other} {path}"


@pytest.mark.parametrize(
    "path", ["/v1/nowhere", "//v1/models", "/v1/%2e%2e/models", "/v1/\u00e9", "/V1/models", "/v1"]
)
def test_another_path_is_a_404_in_words(free: Gateway, path: str) -> None:
    assert refused(free.get(path)) == (404, "not_found")


def test_errors_speak_the_callers_dialect(free: Gateway) -> None:
    """By path, and by the header that only Anthropic's clients send; OpenAI's words else."""
    assert set(free.get("/v1/nowhere").json()["error"]) >= {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Willaku-Tier", "best-of-all"),
        ("X-Wallas-Provider", "nobody"),
        ("X-Wallas-Cost-Mode", "cheap"),
        ("X-Wallas-Privacy", "public"),
        ("X-Wallas-Deadline", "soon"),
        ("X-Wallas-Deadline", "-1"),
        ("X-Wallas-Deadline", "nan"),
        ("X-Wallas-Deadline", "0"),
    ],
)
def test_a_header_of_ours_that_means_nothing_is_named(free: Gateway, header: str, value: str) -> None:
    response = free.ask("well:sim", headers={header: value})
    assert refused(response) == (400, "invalid_request")
    assert response.json()["error"]["param"] == header


def test_what_would_be_chosen_heeds_the_same_headers(free: Gateway) -> None:
    """However they are spelt: clients send names of headers in lower case."""
    for header in ("X-Wallas-Privacy", "x-wallas-privacy"):
        told = free.post("/v1/routing/explain", {"model": "auto"}, headers={header: "local"}).json()
        assert told["candidates"] == []
        assert {refused["kind"] for refused in told["rejected"] if refused["provider"] == "well"} == {"privacy"}
