"""`wallasapi explain`: who would be asked and why, without asking anybody."""

from typing import Any

from tests.cli.home import Home
from tests.simulation import SimulatorProcess
from wallascli.cli.explain import candidates_table

pytest_plugins = ("tests.simulation",)

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(20)


def test_it_shows_candidates_with_their_terms_and_the_refused_with_reasons(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url)
    outcome = home.run("explain", "hi")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "asked for: auto, chosen by: auto" in outcome.out
    for word in ("groq:openai/gpt-oss-120b", "mistral:mistral-small-2603", "fit", "success", "not asked:"):
        assert word in outcome.out
    assert "no key (set GEMINI_API_KEY)" in outcome.out
    assert not simulator_process.log(operation="chat")


def test_the_table_has_only_columns_that_tell_something() -> None:
    def one(name: str, fit: float, price: float) -> dict[str, Any]:
        points = {"prefer": 0.0, "fit": fit, "price": price}
        terms = [{"name": term, "points": value} for term, value in points.items()]
        return {"provider": "a", "id": name, "score": fit + price, "terms": terms, "why": "", "last_resort": False}

    shown = [one("x", 0.3, 2.4), one("y", 0.2, 2.4)]
    assert candidates_table(shown).splitlines()[0].split() == ["#", "candidate", "score", "fit", "price", "why"]
    assert candidates_table(shown, differing=True).splitlines()[1].split() == ["1", "a:x", "2.700", "0.300"]


def test_json_has_the_score_as_the_sum_of_its_terms(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    view = home.run("explain", "hi", "--json").data
    assert set(view) == {"requested_profile", "profile", "signals", "candidates", "rejected"}
    assert {one["provider"] for one in view["candidates"]} == {"groq", "mistral"}
    for one in view["candidates"]:
        assert abs(sum(term["points"] for term in one["terms"]) - one["score"]) < 0.001
        for term in one["terms"]:
            assert abs(term["value"] * term["weight"] - term["points"]) < 0.001
    assert {"provider", "id", "reason", "kind", "until"} == set(view["rejected"][0])


def test_verbose_names_every_refused_model_and_what_each_term_means(
    home: Home, simulator_process: SimulatorProcess
) -> None:
    home.settle(simulator_process.url)
    short, whole = home.run("explain", "hi").out, home.run("explain", "hi", "-v").out
    assert "gemini (" in short
    assert whole.count("gemini:") > 3
    assert "in detail:" in whole


def test_a_picture_leaves_only_those_who_see(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    (home.folder / "here/photo.dat").write_bytes(PIXEL)
    view = home.run("explain", "-i", "photo.dat", "--json").data
    refused = {f"{one['provider']}:{one['id']}": one["reason"] for one in view["rejected"]}
    assert refused["groq:openai/gpt-oss-120b"] == "does not take images"
    assert "image input" in view["signals"]


def test_what_is_no_picture_is_refused(home: Home) -> None:
    (home.folder / "here/notes.png").write_text("no picture")
    outcome = home.run("explain", "-i", "notes.png", "what?")
    assert outcome.code == 2
    assert "not a picture" in outcome.err


def test_a_named_model_says_who_stands_in_for_it(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    view = home.run("explain", "-m", "gpt-4o", "hi", "--json").data
    assert view["profile"] == "none"
    assert all("stands in for gpt-4o" in one["why"] for one in view["candidates"])


def test_what_failed_lately_is_shown_where_it_stands_now(home: Home, simulator_process: SimulatorProcess) -> None:
    home.settle(simulator_process.url)
    first = home.run("explain", "hi", "--json").data["candidates"][0]["provider"]
    simulator_process.script(first, "429-retry300")
    assert home.run("chat", "hi").code == 0
    view = home.run("explain", "hi", "--json").data
    refused = {one["provider"]: one for one in view["rejected"] if one["kind"] == "quota"}
    assert set(refused) == {first}
    assert refused[first]["until"] > 0


def test_nobody_to_ask_is_an_explanation_too(home: Home) -> None:
    outcome = home.run("explain", "hi")
    assert outcome.code == 0
    assert "Nobody can be asked." in outcome.out
    assert "no key" in outcome.out
