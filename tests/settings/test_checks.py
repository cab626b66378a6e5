"""Whatever stands in the file: it is taken or named as a mistake, and never ends in a trace."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import tomlkit
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from wallascli.settings import schema
from wallascli.vocab.failures import Misconfigured
from wallascli.wires import WIRES

if TYPE_CHECKING:
    from tests.settings.conftest import Desk

KEYS = sorted(
    {
        *(f"server.{key}" for key in "host port keys max_body allowed_hosts ollama_version zzz".split()),
        *(f"routing.{key}" for key in "allow_paid cost_mode privacy substitute".split()),
        *(f"deadlines.{key}" for key in schema.DEADLINES),
        *(f"providers.groq.{key}" for key in "keys base_url enabled wire models local free idle".split()),
        *(f"aliases.{key}" for key in ("a", "a.models", "a.retries", "a.total")),
        *("services.obsidian_vault", "services.camofox_url", "fallback.x", "tiers.t", "tiers.t.needs"),
        *("server", "routing", "deadlines", "services", "providers", "aliases", "fallback", "tiers"),
    }
)
HUGE = 10**400
plain = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([HUGE, -HUGE, 0, 1, 10**15]),
    st.floats(),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8),
    st.sampled_from(["1e999", "nan", "9" * 30 + " MiB", "http://[::1", "http://", "sha256:x", "true", "7", ""]),
    st.dates(),
)
values = st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(st.sampled_from("abc"), plain, max_size=2))


@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=3))
@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None)
def test_any_value_anywhere_is_taken_or_named(desk: "Desk", said: dict[str, Any]) -> None:
    tree: dict[str, Any] = {}
    for dotted, value in said.items():
        *tables, last = dotted.split(".")
        node = tree
        for name in tables:
            node = node.setdefault(name, {}) if isinstance(node.get(name, {}), dict) else {}
        node[last] = value
    desk.write(tomlkit.dumps(tree))
    with suppress(Misconfigured):
        desk.read()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"[deadlines]\nidle = {HUGE}\n", "deadlines.idle: should be a valid number"),
        ("[deadlines]\nidle = 'nan'\n", "deadlines.idle: should be a finite number"),
        ("[server]\nport = 1.5\n", "server.port: should be a valid integer, not a fraction"),
        ("[server]\nport = -1\n", "server.port: should be greater than or equal to 0"),
        (f"[server]\nmax_body = '{'9' * 400} MiB'\n", "server.max_body: a size is needed"),
        ("[server]\nhost = ''\n", "server.host: should have at least 1 character"),
        ("[routing]\nallow_paid = 2\n", "routing.allow_paid: should be a valid boolean"),
        ("[routing]\nprivacy = ['any']\n", "routing.privacy: should be 'any', 'no_training' or 'local'"),
        ("[providers.x]\nbase_url = 'http://[::1'\n", "providers.x.base_url: an address is needed"),
        (
            "[services]\nobsidian_vault = '~nobody-at-all/x'\n",
            "services.obsidian_vault: this machine knows no such",
        ),
        ("[fallback]\nx = 7\n", "fallback.x: should be a valid list"),
    ],
)
def test_odd_values_are_told_in_the_words_of_their_kind(desk: "Desk", text: str, said: str) -> None:
    desk.write(text)
    with pytest.raises(Misconfigured) as caught:
        desk.read()
    assert f"FILE, line 2: {said}" in caught.value.message.replace(str(desk.file), "FILE")


@pytest.mark.parametrize(("given", "port"), [("7000", 7000), ("'7000'", 7000), ("7e3", 7000)])
def test_a_number_may_be_written_in_more_than_one_way(desk: "Desk", given: str, port: int) -> None:
    desk.write(f"[server]\nport = {given}\n")
    assert desk.read().server.port == port


def test_every_dialect_may_be_the_wire_of_another_server(desk: "Desk") -> None:
    servers = (f"[providers.my-{wire}]\nbase_url = 'http://box/v1'\nwire = '{wire}'\n" for wire in WIRES)
    desk.write("".join(servers))
    said = desk.read().providers
    assert {wire: said[f"my-{wire}"].wire for wire in WIRES} == dict(zip(WIRES, WIRES, strict=True))


def test_an_address_in_brackets_is_bound_without_them(desk: "Desk") -> None:
    desk.write('[server]\nhost = "[::1]"\n')
    assert desk.read().server.host == "::1"
