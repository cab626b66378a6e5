"""Who wins, how keys add up, and what each table means."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wallascli.settings import Origin, load
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import Misconfigured
from wallascli.vocab.policy import Privacy

if TYPE_CHECKING:
    from tests.settings.conftest import Desk

# Each place sets another port, the strongest first.
PORTS = {"flag": 1, "environment": 2, "here": 3, "launcher": 4, "file": 5}
LONG = "0123456789abcdef"  # long enough that its last four characters may be shown


@pytest.mark.parametrize("strongest", [*PORTS, "default"])
def test_each_place_hides_those_behind_it(desk: "Desk", strongest: str) -> None:
    places = [*PORTS, "default"]
    given = set(places[places.index(strongest) :])
    if "environment" in given:
        desk.variables["WALLAS_PORT"] = "2"
    if "here" in given:
        (desk.folder / ".env").write_text("WALLAS_PORT=3\n")
    if "launcher" in given:
        (desk.launcher.parent / ".env").write_text('export WALLAS_PORT="4" # quoted\n')
    if "file" in given:
        desk.write("[server]\nport = 5\n")
    settings = desk.read({"server.port": 1} if "flag" in given else {"server.port": None})
    assert settings.server.port == PORTS.get(strongest, 8001)


def test_the_env_file_beside_the_real_launcher_counts_not_beside_a_link_to_it(desk: "Desk", tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/wallasapi").symlink_to(desk.launcher)
    (tmp_path / "bin/.env").write_text("WALLAS_PORT=1\n")
    (desk.launcher.parent / ".env").write_text("WALLAS_PORT=2\n")
    desk.launcher = tmp_path / "bin/wallasapi"
    assert desk.read().server.port == 2


def test_a_variable_set_to_nothing_hides_the_env_files_but_not_the_settings(desk: "Desk") -> None:
    (desk.folder / ".env").write_text("WALLAS_PORT=3\nGROQ_API_KEY=gsk_from_file\n")
    desk.write("[server]\nport = 5\n")
    desk.variables |= {"WALLAS_PORT": "", "GROQ_API_KEY": " "}
    settings = desk.read()
    assert settings.server.port == 5
    assert settings.providers["groq"].keys == ()


def test_an_env_file_of_another_program_disturbs_nobody(desk: "Desk") -> None:
    (desk.folder / ".env").write_bytes(b"this is = not\xff\n'=\nWALLAS_PORT=3\nDATABASE=${HOME\n")
    assert desk.read().server.port == 3


def test_a_folder_called_env_is_no_env_file(desk: "Desk") -> None:
    (desk.folder / ".env").mkdir()
    assert desk.read().server.port == 8001


def test_the_default_file_need_not_exist_but_a_named_one_must(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WALLASAPI_HOME", str(tmp_path))
    settings = load(environ={}, folder=tmp_path)
    assert settings.file == tmp_path / "config.toml"
    assert settings.sources == {}
    with pytest.raises(Misconfigured, match="no such file"):
        load(config=tmp_path / "other.toml", environ={}, folder=tmp_path)


def test_it_starts_in_a_folder_that_was_deleted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    try:
        assert load(environ={}).server.port == 8001
    finally:
        os.chdir(tmp_path)


def test_keys_of_variables_and_file_add_up_without_doubles(desk: "Desk") -> None:
    desk.variables["GROQ_API_KEY"] = f"gsk_one{LONG}, gsk_two{LONG},,"
    desk.write(f'[providers.groq]\nkeys = ["gsk_two{LONG}", "gsk_three{LONG}"]\n')
    settings = desk.read()
    revealed = [key.reveal() for key in settings.providers["groq"].keys]
    assert revealed == [f"gsk_one{LONG}", f"gsk_two{LONG}", f"gsk_three{LONG}"]
    origins = [settings.source_of(("providers", "groq", "keys", str(n))).origin for n in range(3)]
    assert origins == [Origin.ENVIRONMENT, Origin.ENVIRONMENT, Origin.FILE]


def test_both_names_of_a_variable_count(desk: "Desk") -> None:
    desk.variables |= {"HF_TOKEN": "hf_b", "HUGGINGFACE_API_KEY": "'hf_a'"}
    assert [key.reveal() for key in desk.read().providers["huggingface"].keys] == ["hf_a", "hf_b"]


def test_the_retired_row_is_asked_only_if_it_is_enabled_by_name(desk: "Desk") -> None:
    desk.variables["GITHUB_TOKEN"] = "ghp_x"
    assert not desk.read().providers["github"].enabled
    desk.write("[providers.github]\nenabled = true\n")
    assert desk.read().providers["github"].enabled


def test_a_provider_can_be_turned_off(desk: "Desk") -> None:
    desk.write("[providers.groq]\nenabled = false\n")
    assert not desk.read().providers["groq"].enabled


def test_another_server_is_a_provider_too(desk: "Desk") -> None:
    desk.write(
        '[providers.my-vllm]\nbase_url = "http://10.0.0.5:8000/v1/"\n'
        'models = ["qwen3-32b"]\nlocal = true\nfree = true\n'
    )
    server = desk.read().providers["my-vllm"]
    assert (server.wire, server.base_url) == ("openai", "http://10.0.0.5:8000/v1")
    assert (server.models, server.local, server.free) == (("qwen3-32b",), True, True)


@pytest.mark.parametrize("given", ["http://box:11434/", "box:11434", " http://box:11434 "])
def test_the_ollama_daemon_may_be_elsewhere(desk: "Desk", given: str) -> None:
    desk.variables |= {"OLLAMA_UPSTREAM": given, "OLLAMA_HOST": "0.0.0.0:1"}
    assert desk.read().providers["ollama"].base_url == "http://box:11434"


def test_the_clients_key_of_the_environment_joins_those_of_the_file(desk: "Desk") -> None:
    digest = hashlib.sha256(b"third").hexdigest()
    desk.variables["PROXY_API_KEY"] = "first"
    desk.write(f'[server]\nkeys = ["second", "sha256:{digest}"]\n')
    keys = desk.read().server.keys
    assert [[key.opens(word) for key in keys] for word in ("first", "second", "third")] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert not any(key.opens(f"sha256:{digest}") for key in keys)
    assert not any(key.opens("") for key in keys)


@pytest.mark.parametrize(
    ("host", "keys", "strangers"),
    [
        ("127.0.0.1", "", False),
        ("localhost", "", False),
        ("[::1]", "", False),
        ("0.0.0.0", "", True),
        ("::", "", True),
        ("my-laptop", "", True),
        ("0.0.0.0", "key", False),
    ],
)
def test_who_listens_to_the_world_without_a_key_is_known(
    desk: "Desk", host: str, keys: str, strangers: bool
) -> None:
    desk.variables |= {"WALLAS_HOST": host, "PROXY_API_KEY": keys}
    assert desk.read().server.lets_strangers_in is strangers


@pytest.mark.parametrize(
    ("given", "size"),
    [('"32 MiB"', 32 * 2**20), ('"1.5kb"', 1500), ("1000", 1000), ('"7"', 7), ('"2GiB"', 2 * 2**30)],
)
def test_sizes_are_written_as_people_do(desk: "Desk", given: str, size: int) -> None:
    desk.write(f"[server]\nmax_body = {given}\n")
    assert desk.read().server.max_body == size


@pytest.mark.parametrize(
    ("word", "meant"), [("true", True), ("1", True), ("yes", True), ("off", False), ("0", False)]
)
def test_the_operators_switch_may_come_from_the_environment(desk: "Desk", word: str, meant: bool) -> None:
    desk.write(f"[routing]\nallow_paid = {str(not meant).lower()}\n")
    desk.variables["WALLAS_ALLOW_PAID"] = word
    assert desk.read().routing.allow_paid is meant


def test_routing_says_what_a_caller_without_headers_wants(desk: "Desk") -> None:
    defaults = desk.read().routing
    assert (defaults.caller_pays, defaults.privacy, defaults.substitute) == (False, Privacy.ANY, True)
    desk.write('[routing]\ncost_mode = "allow_paid"\nprivacy = "no_training"\nsubstitute = false\n')
    routing = desk.read().routing
    assert (routing.caller_pays, routing.privacy, routing.substitute) == (True, Privacy.NO_TRAINING, False)


def test_what_the_other_programs_need(desk: "Desk") -> None:
    desk.variables |= {
        "OBSIDIAN_VAULT_PATH": "~/vault",
        "CAMOFOX_URL": "http://box:1/",
        "WALLAS_OLLAMA_VERSION": "1.2.3",
    }
    settings = desk.read()
    assert settings.services.obsidian_vault == Path.home() / "vault"
    assert settings.services.camofox_url == "http://box:1"
    assert settings.server.ollama_version == "1.2.3"


def test_ollamas_version_is_a_bare_semver_that_clients_accept(desk: "Desk") -> None:
    numbers = tuple(int(part) for part in desk.read().server.ollama_version.split("."))
    assert len(numbers) == 3
    assert numbers >= (0, 6, 4)


def test_names_of_the_users_own(desk: "Desk") -> None:
    desk.write("""
[aliases]
work = ["groq:openai/gpt-oss-120b", "my-vllm:qwen3-32b"]
single = "groq:x"
[aliases.patient]
models = ["ollama:qwen3:32b"]
first_byte = 120
retries = 0
[fallback]
"gpt-4o" = ["work", "auto"]
[tiers.mine]
needs = ["tools"]
prefer = ["groq:*", "openrouter:*:free"]
""")
    settings = desk.read()
    assert settings.aliases["work"].models == ("groq:openai/gpt-oss-120b", "my-vllm:qwen3-32b")
    assert settings.aliases["single"].models == ("groq:x",)
    assert (settings.aliases["patient"].retries, settings.aliases["work"].retries) == (0, None)
    assert settings.fallback == {"gpt-4o": ("work", "auto")}
    assert settings.tiers["mine"].prefer == ("groq:*", "openrouter:*:free")
    assert settings.tiers["mine"].needs == ("tools",)


def test_without_a_word_the_deadlines_are_the_vocabularys(desk: "Desk") -> None:
    assert desk.read().deadlines_of("groq") == Deadlines()


def test_the_nearest_word_about_a_deadline_counts(desk: "Desk") -> None:
    desk.write("""
[deadlines]
connect = 1
idle = 2
first_byte = 3
[providers.groq]
idle = 20
first_byte = 30
[aliases.patient]
models = ["groq:x"]
first_byte = 40.5
""")
    settings = desk.read()
    general, groq = settings.deadlines_of("mistral"), settings.deadlines_of("groq", first_byte=25)
    patient = settings.deadlines_of("groq", alias="patient")
    assert (general.connect, general.idle, general.first_byte) == (1, 2, 3)
    assert (groq.connect, groq.idle, groq.first_byte) == (1, 20, 30)
    assert (patient.connect, patient.idle, patient.first_byte) == (1, 20, 40.5)


def test_a_row_that_is_slow_to_begin_lengthens_and_never_shortens(desk: "Desk") -> None:
    assert desk.read().deadlines_of("ollama", first_byte=120).first_byte == 120
    desk.write("[deadlines]\nfirst_byte = 200\n")
    assert desk.read().deadlines_of("ollama", first_byte=120).first_byte == 200


def test_who_allows_more_time_gets_it_from_the_last_candidate_and_in_total_too(desk: "Desk") -> None:
    desk.write('[aliases.patient]\nmodels = ["ollama:x"]\nfirst_byte = 400\nidle = 90\n')
    patient = desk.read().deadlines_of("ollama", alias="patient")
    assert (patient.first_byte, patient.first_byte_last, patient.total) == (400, 400, 400)
    assert (patient.idle, patient.idle_last) == (90, 90)


def test_a_bound_that_was_set_itself_is_kept(desk: "Desk") -> None:
    desk.write("[deadlines]\nfirst_byte = 400\nfirst_byte_last = 30\ntotal = 50\n")
    bound = desk.read().deadlines
    assert (bound.first_byte, bound.first_byte_last, bound.total) == (400, 30, 50)
