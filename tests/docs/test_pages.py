"""The pages say what is so: links lead somewhere, settings load, tables name everything that exists."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, README, ROOT, Block, blocks, tagged
from wallascli.gateway.app import ROUTES
from wallascli.routing.tiers import TIERS
from wallascli.settings import Settings, load
from wallascli.settings.environment import CLIENT_KEY, VARIABLES
from wallascli.settings.values import Alias, ProviderSettings, Routing, Server, Services, Tier
from wallascli.vocab.deadlines import Deadlines
from wallascli.vocab.failures import Outcome

LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
SETTINGS = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
HTTP = (ROOT / "docs/http.md").read_text(encoding="utf-8")


def name_of(block: Block) -> str:
    return block.where


def table_of(page: Path, head: str) -> list[list[str]]:
    """The rows of the table whose first head this is, cell by cell."""
    lines = page.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"| {head} |"))
    rows = []
    for line in lines[at + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def anchors(page: Path) -> set[str]:
    """What its headings are called in an address."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_links_to_files_and_headings_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        other = (page.parent / file).resolve() if file else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("block", blocks("json"), ids=name_of)
def test_examples_of_json_are_json(block: Block) -> None:
    assert json.loads(block.text)


def loaded(text: str, folder: Path) -> Settings:
    file = folder / "config.toml"
    file.write_text(text, encoding="utf-8")
    return load(config=file, environ={}, folder=folder)


@pytest.mark.parametrize("block", blocks("toml"), ids=name_of)
def test_examples_of_settings_are_taken(block: Block, tmp_path: Path) -> None:
    assert loaded(block.text, tmp_path).sources


def test_the_settings_that_are_called_defaults_are_the_defaults(tmp_path: Path) -> None:
    shown, bare = loaded(tagged("defaults").text, tmp_path), loaded("", tmp_path)
    for table in ("server", "routing", "deadlines", "services", "providers", "aliases", "fallback", "tiers"):
        assert getattr(shown, table) == getattr(bare, table), table


def test_every_key_of_the_general_tables_has_its_default_shown() -> None:
    shown = tagged("defaults").text
    unset = {"obsidian_vault"}  # has no default that a file could say
    for table in (Server, Routing, Deadlines, Services):
        for field in fields(table):
            assert field.name in unset or re.search(rf"^{field.name} = ", shown, re.MULTILINE), field.name


def test_every_key_of_the_other_tables_is_told() -> None:
    for table in (ProviderSettings, Alias, Tier):
        for field in fields(table):
            if field.name not in ("name", "deadlines"):
                assert re.search(rf"^{field.name} = |`{field.name}`", SETTINGS, re.MULTILINE), field.name


def test_every_variable_is_told() -> None:
    assert {name for name in (*VARIABLES, CLIENT_KEY) if f"`{name}`" not in SETTINGS} == set()


def test_every_built_in_provider_is_named(tmp_path: Path) -> None:
    for name in loaded("", tmp_path).providers:
        assert f"`{name}`" in SETTINGS, name


def test_every_route_is_told_and_no_other() -> None:
    told = {tuple(cell.strip("`").split(" ")) for cell, *_ in table_of(ROOT / "docs/http.md", "route")}
    there = {(route.method, route.path.replace("{name:.+}", "NAME")) for route in ROUTES if route.method != "*"}
    assert told == there


def test_every_virtual_model_is_told_with_what_it_is() -> None:
    rows = {row[0].split("`")[1]: row for row in table_of(README, "name") if "`" in row[0]}
    for tier in TIERS.values():
        name, meaning = rows[tier.name]
        assert meaning == tier.says
        assert set(re.findall(r"`([^`]+)`", name)) <= {tier.name, *tier.aliases}


def test_every_outcome_has_its_row() -> None:
    told = {(code.strip("`"), int(status), int(left)) for _, status, code, left in outcomes()}
    assert told == {(outcome.code, outcome.status, outcome.exit_code) for outcome in Outcome}


def outcomes() -> list[list[str]]:
    """The rows that end with an error; of two statuses or codes, the first, which is ours."""
    rows = [row for row in table_of(README, "what happened") if row[2]]
    return [[what, status.split(",")[0], code.split(",")[0], left] for what, status, code, left in rows]


@pytest.mark.parametrize("header", re.findall(r'"(X-W[\w-]+)"', (ROOT / "wallascli/gateway/policy.py").read_text()))
def test_every_header_is_told(header: str) -> None:
    assert f"`{header}`" in README.read_text(encoding="utf-8")
    assert f"`{header}`" in HTTP


def test_the_readme_can_be_read_at_one_sitting() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 220


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_no_page_holds_a_path_of_the_machine_it_was_written_on(page: Path) -> None:
    assert not re.search(r"/(?:root|home|work|Users)/", page.read_text(encoding="utf-8"))
