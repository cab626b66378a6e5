"""Every mistake is named with its place, and no key is ever repeated."""

from typing import TYPE_CHECKING

import pytest

from wallascli.vocab.failures import Misconfigured

if TYPE_CHECKING:
    from tests.settings.conftest import Desk


def complaint(desk: "Desk", text: str = "", flags: dict[str, object] | None = None) -> str:
    desk.write(text)
    with pytest.raises(Misconfigured) as caught:
        desk.read(flags)
    return caught.value.message.replace(str(desk.file), "FILE").replace(str(desk.folder), "HERE")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[server]\nport = \n", "FILE, line 2, column 8: "),
        ("[server\nport = 1\n", "FILE, line 1, column 8: "),
        ("[server]\nport = 1\nport = 2\n", "FILE, line 3, column "),
        ('[server]\nhost = """never closed\n', "FILE, line 3, column 1: "),
        ("x = [1,\n2", "FILE, line 2, column 2: "),
    ],
)
def test_a_syntax_error_names_line_and_column(desk: "Desk", text: str, place: str) -> None:
    assert complaint(desk, text).startswith(place)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "# a comment\n\n[server]\nhost = 'x'\nport = 'high'\n",
            "FILE, line 5: server.port: should be a valid integer",
        ),
        ("[server]\nport = 70000\n", "FILE, line 2: server.port: should be less than or equal to 65535"),
        ("[server]\nport = true\n", "FILE, line 2: server.port: a number is needed"),
        ("server.port = 'x'\n", "FILE, line 1: server.port: "),
        ("server = {host = 'x', port = 'y'}\n", "FILE, line 1: server.port: "),
        ("\nserver = 3\n", "FILE, line 2: server: should be a valid dictionary"),
        ("[server]\nmax_body = '32 apples'\n", 'FILE, line 2: server.max_body: a size is needed, such as "32 MiB"'),
        ("[server]\nmax_body = 0\n", "FILE, line 2: server.max_body: should be greater than 0"),
        ("[server]\nkeys = ['sha256:12']\n", "FILE, line 2: server.keys: sha256: is followed by 64"),
        (
            "[routing]\nprivacy = 'none'\n",
            "FILE, line 2: routing.privacy: should be 'any', 'no_training' or 'local'",
        ),
        ("[deadlines]\n\nidle = 0\n", "FILE, line 3: deadlines.idle: should be greater than 0"),
        ("[deadlines]\nidle = inf\n", "FILE, line 2: deadlines.idle: should be a finite number"),
        ("[providers.groq]\nidle = -1\n", "FILE, line 2: providers.groq.idle: should be greater"),
        ("[providers.groq]\nbase_url = 'ftp://x'\n", "FILE, line 2: providers.groq.base_url: an address is needed"),
        ("[providers.x]\nwire = 'soap'\n", "FILE, line 2: providers.x.wire: should be 'openai', "),
        ("[aliases.a]\nmodels = []\n", "FILE, line 2: aliases.a.models: "),
        ("[aliases]\nb = ['x']\na = []\n", "FILE, line 3: aliases.a.models: "),
        ("[aliases.a]\nretries = 1\n", "FILE, line 1: aliases.a.models: is missing"),
        (
            "[fallback]\n'gpt-4.1' = [\n  'a',\n  3,\n]\n",
            "FILE, line 2: fallback.gpt-4.1: should be a valid string",
        ),
    ],
)
def test_a_wrong_value_names_the_line_where_its_key_stands(desk: "Desk", text: str, said: str) -> None:
    assert complaint(desk, text).startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[server]\nprot = 1\n", "FILE, line 2: server.prot: unknown key; did you mean 'port'?"),
        ("[provider.groq]\n", "FILE, line 1: provider: unknown key; did you mean 'providers'?"),
        ("[providers.groq]\nkey = ['x']\n", "FILE, line 2: providers.groq.key: unknown key; did you mean 'keys'?"),
        (
            "[aliases.a]\nmodels=['x']\nretry = 1\n",
            "FILE, line 3: aliases.a.retry: unknown key; did you mean 'retries'?",
        ),
        ("[tiers.mine]\nprefers = 'x'\n", "FILE, line 2: tiers.mine.prefers: unknown key; did you mean 'prefer'?"),
        ("[server]\nzzz = 1\n", "FILE, line 2: server.zzz: unknown key"),
        (
            "[providers.grok]\nkeys = ['x']\n",
            "FILE, line 1: providers.grok: no provider has this name; did you mean 'groq'?",
        ),
    ],
)
def test_an_unknown_name_gets_the_one_that_was_meant(desk: "Desk", text: str, said: str) -> None:
    assert complaint(desk, text) == said


def test_a_provider_with_a_name_that_cannot_be_asked_for(desk: "Desk") -> None:
    said = complaint(desk, '[providers."my:vllm"]\nbase_url = "http://x"\n')
    assert said.startswith("FILE, line 1: providers.my:vllm: a provider's name has only letters")


def test_a_wrong_flag_names_the_flag(desk: "Desk") -> None:
    assert complaint(desk, "[server]\nport = 1\n", {"server.port": "x"}).startswith("--port: should be a valid")


def test_a_wrong_variable_names_the_variable_and_its_file(desk: "Desk") -> None:
    (desk.folder / ".env").write_text("WALLAS_ALLOW_PAID=perhaps\n")
    assert complaint(desk).startswith("WALLAS_ALLOW_PAID in HERE/.env: should be a valid boolean")
    desk.variables["WALLAS_ALLOW_PAID"] = "surely"
    assert complaint(desk).startswith("WALLAS_ALLOW_PAID in the environment: should be a valid boolean")


def test_several_mistakes_are_counted(desk: "Desk") -> None:
    desk.write("[server]\nport = 'x'\nhost = 3\n")
    with pytest.raises(Misconfigured) as caught:
        desk.read()
    assert caught.value.hint == "1 more to mend after this one"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ('[providers.groq]\nkeys = ["gsk_very\\tsecret"]\n', {}),
        ('[providers.groq]\nkeys = ["gsk_very secret…"]\n', {}),
        ("[providers.groq]\nkeys = [['gsk_very secret']]\n", {}),
        ("[providers.groq]\nkeys = {a = 'gsk_very secret'}\n", {}),
        ("[server]\nkeys = ['sha256:very secret']\n", {}),
        ("", {"GROQ_API_KEY": "gsk_very secret"}),
        ("", {"PROXY_API_KEY": "very\nsecret"}),
        ("", {"PROXY_API_KEY": "sha256:very-secret"}),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(
    desk: "Desk", text: str, variables: dict[str, str]
) -> None:
    desk.variables |= variables
    desk.write(text)
    with pytest.raises(Misconfigured) as caught:
        desk.read()
    told = f"{caught.value} {caught.value.hint} {caught.value.__cause__}"
    assert "very" not in told
    assert "secret" not in told
    assert any(name in told for name in (*variables, "line 2"))


def test_a_file_that_is_not_utf8_names_the_line(desk: "Desk") -> None:
    desk.file.write_bytes("[server]\nhost = 'caf\xe9'\n".encode("latin-1"))
    with pytest.raises(Misconfigured, match="line 2: not UTF-8"):
        desk.read()


def test_a_file_that_cannot_be_read_says_why(desk: "Desk") -> None:
    desk.file.unlink()
    desk.file.mkdir()
    with pytest.raises(Misconfigured, match="cannot be read: Is a directory"):
        desk.read()


def test_the_mark_that_windows_editors_leave_is_no_mistake(desk: "Desk") -> None:
    desk.file.write_bytes("\ufeff[server]\r\nport = 5\r\n".encode())
    assert desk.read().server.port == 5
