"""TLS that works, and each way in which it does not."""

from __future__ import annotations

import ssl

import httpx
import pytest

from tests.simulator.asking import question
from wallascli.simulator import Simulator

pytest_plugins = ("tests.simulation",)


async def ask(simulator: Simulator, url: str, script: str = "ok") -> httpx.Response:
    assert simulator.certificate is not None
    context = ssl.create_default_context(cadata=simulator.certificate.certificate)
    path, body = question("openai", "hello", "any", stream=True)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        return await client.post(url + path, json=body, headers={"x-simulate": script})


async def test_a_client_that_trusts_the_certificate_is_served() -> None:
    async with Simulator(certificate="good") as simulator:
        answer = await ask(simulator, simulator.tls_url)
        assert " hello" in answer.text
        with pytest.raises(httpx.ReadError):
            await ask(simulator, simulator.tls_url, "c9-die3")
        assert simulator.log[-1].pieces == 3


async def test_a_client_that_does_not_know_the_certificate_refuses() -> None:
    async with Simulator(certificate="good") as simulator, httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(simulator.tls_url)


@pytest.mark.parametrize(("kind", "why"), [("expired", "expired"), ("othername", "not valid for")])
async def test_a_bad_certificate_is_refused_for_its_reason(kind: str, why: str) -> None:
    async with Simulator(certificate=kind) as simulator:
        with pytest.raises(httpx.ConnectError, match=why):
            await ask(simulator, simulator.tls_url)


@pytest.mark.parametrize(
    ("handshake", "why"),
    [("plain", "WRONG_VERSION_NUMBER|RECORD"), ("alert", "HANDSHAKE_FAILURE"), ("reset", r"^$")],
)
async def test_a_handshake_that_fails(handshake: str, why: str) -> None:
    async with Simulator(certificate="good") as simulator:
        simulator.order(handshake=handshake)
        with pytest.raises((httpx.ConnectError, httpx.ReadError), match=why):
            await ask(simulator, simulator.url.replace("http:", "https:"))
        assert (await ask(simulator, simulator.url)).status_code == 200


async def test_a_handshake_that_is_never_answered() -> None:
    async with Simulator() as simulator, httpx.AsyncClient(verify=False, timeout=0.2) as client:
        simulator.order(handshake="stall")
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(simulator.url.replace("http:", "https:"))
