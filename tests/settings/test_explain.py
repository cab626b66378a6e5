"""`config explain`: every value, where it came from, and no secret."""

from typing import TYPE_CHECKING

from wallascli.settings import explain

if TYPE_CHECKING:
    from tests.settings.conftest import Desk

SECRETS = ("gsk_0123456789abcdef", "hf_abcdefghijklmnop", "client-key-of-mine", "pass-word")


def told(desk: "Desk", flags: dict[str, object] | None = None) -> dict[str, tuple[str, str]]:
    settings = desk.read(flags)
    text = f"{settings!r} {settings} {explain(settings)}"
    for secret in SECRETS:
        assert secret not in text
    where = {str(desk.file): "FILE", str(desk.folder): "HERE"}
    lines = {}
    for line in explain(settings):
        source = line.source
        for path, short in where.items():
            source = source.replace(path, short)
        lines[line.name] = (line.value, source)
    return lines


def test_every_value_says_where_it_came_from(desk: "Desk") -> None:
    desk.write(f'[server]\nhost = "0.0.0.0"\nkeys = ["{SECRETS[2]}"]\n[providers.groq]\nkeys = ["{SECRETS[0]}"]\n')
    (desk.folder / ".env").write_text(f"HF_TOKEN={SECRETS[1]}\n")
    desk.variables["WALLAS_ALLOW_PAID"] = "yes"
    lines = told(desk, {"server.port": 9000})
    assert lines["server.port"] == ("9000", "--port")
    assert lines["server.host"] == ("0.0.0.0", "FILE, line 2")
    assert lines["server.keys.0"] == ("…mine", "FILE, line 3")
    assert lines["server.max_body"] == ("32 MiB", "default")
    assert lines["routing.allow_paid"] == ("true", "WALLAS_ALLOW_PAID in the environment")
    assert lines["routing.privacy"] == ("any", "default")
    assert lines["deadlines.first_byte"] == ("12.0", "default")
    assert lines["providers.groq.keys.0"] == ("…cdef", "FILE, line 5")
    assert lines["providers.huggingface.keys.0"] == ("…mnop", "HF_TOKEN in HERE/.env")


def test_of_providers_only_what_is_set_is_told(desk: "Desk") -> None:
    desk.write("[providers.groq]\nidle = 7\n")
    assert {name: line for name, line in told(desk).items() if name.startswith("providers")} == {
        "providers.groq.idle": ("7.0", "FILE, line 2")
    }


def test_names_of_the_users_own_are_told(desk: "Desk") -> None:
    desk.write(
        '[aliases]\nwork = ["a", "b"]\n[aliases.slow]\nmodels = "c"\nidle = 9\n[fallback]\n"gpt-4.1" = "work"\n'
        '[tiers.mine]\nneeds = ["tools"]\n'
    )
    lines = told(desk)
    assert lines["aliases.work.models"] == ("a, b", "FILE, line 2")
    assert lines["aliases.slow.models"] == ("c", "FILE, line 4")
    assert lines["aliases.slow.idle"] == ("9.0", "FILE, line 5")
    assert lines["fallback.gpt-4.1"] == ("work", "FILE, line 7")
    assert lines["tiers.mine.needs"] == ("tools", "FILE, line 9")


def test_a_password_in_an_address_is_not_told(desk: "Desk") -> None:
    desk.write(f'[providers.mine]\nbase_url = "http://me:{SECRETS[3]}@box/v1"\n')
    settings = desk.read()
    assert {line.name: line.value for line in explain(settings)}["providers.mine.base_url"] == "http://me:…@box/v1"
