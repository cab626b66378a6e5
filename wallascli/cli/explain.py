"""`wallasapi explain`: who would be asked, in which order, and why the others would not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from wallascli.cli import options
from wallascli.cli.messages import say
from wallascli.cli.output import Result, misused, table

Images = Annotated[list[Path] | None, typer.Option("-i", "--image", metavar="FILE", help=say("explain.image"))]

_MOST = 10


def explain(
    context: typer.Context,
    prompt: options.Prompt = None,
    model: options.Model = "auto",
    system: options.System = "",
    image: Images = None,
    tier: options.Tier = "",
    paid: options.Paid = False,
    private: options.Private = False,
    verbose: options.Verbose = False,
    config: options.Config = None,
    as_json: options.Json = False,
) -> Result:
    from wallascli.cli.prompt import read_image, read_prompt, read_system

    pictures = [read_image(path) for path in image or ()]
    asked = "" if pictures and prompt is None else read_prompt(prompt)
    if asked is None and not as_json:
        return Result(text=context.get_help())
    if asked is None:
        raise misused(say("prompt.empty"), hint=say("prompt.empty.hint"))

    from wallascli.cli.asking import Wish
    from wallascli.cli.running import run

    wish = Wish(model, read_system(system) if system else "", tier, paid, private)
    view = run(_explained(wish, asked, pictures, config))
    return Result(view, as_text(view, whole=verbose))


async def _explained(
    wish: Any, prompt: str, pictures: list[tuple[str, str]], config: Path | None
) -> dict[str, Any]:
    from wallascli.cli.asking import ready_engine
    from wallascli.engine.views import explain_view
    from wallascli.vocab.chat import Media

    media = tuple(Media(mime, base64=content) for mime, content in pictures)
    async with ready_engine(config) as (engine, settings):
        return explain_view(engine.plan(wish.request(prompt, stream=True, images=media), wish.policy(settings)))


def as_text(view: dict[str, Any], *, whole: bool) -> str:
    """For a person. ``whole``: every candidate, every refusal, and what each term means."""
    parts = [say("explain.head", asked=view["requested_profile"], profile=view["profile"])]
    if view["signals"]:
        parts.append(say("explain.signals", signals=", ".join(view["signals"])))
    parts += ["", _candidates(view["candidates"], whole=whole), "", *_rejected(view["rejected"], whole=whole)]
    return "\n".join(parts).rstrip()


def _candidates(found: list[dict[str, Any]], *, whole: bool) -> str:
    if not found:
        return say("explain.nobody")
    shown = found if whole else found[:_MOST]
    text = candidates_table(shown)
    if len(shown) < len(found):
        text += "\n" + say("explain.more", count=len(found) - len(shown))
    return text + ("\n\n" + _terms(found[0]) if whole else "")


def candidates_table(shown: list[dict[str, Any]], *, differing: bool = False) -> str:
    """Candidates in their order, with the points that put them there; ``differing``: only where they differ."""
    columns: dict[str, list[float]] = {}
    for term in (term for one in shown for term in one["terms"]):
        columns.setdefault(term["name"], []).append(round(term["points"], 3))
    names = [name for name, points in columns.items() if (len(set(points)) > 1 if differing else any(points))]
    rows = [
        [
            str(number),
            f"{one['provider']}:{one['id']}",
            f"{one['score']:.3f}",
            *_points(one["terms"], names),
            _why(one),
        ]
        for number, one in enumerate(shown, 1)
    ]
    return table(["#", say("explain.candidate"), say("explain.score"), *names, say("explain.why")], rows)


def _points(terms: list[dict[str, Any]], names: list[str]) -> list[str]:
    points = {term["name"]: f"{term['points']:.3f}" for term in terms}
    return [points.get(name, "-") for name in names]


def _why(candidate: dict[str, Any]) -> str:
    return say("explain.last_resort", why=candidate["why"]) if candidate["last_resort"] else str(candidate["why"])


def _terms(candidate: dict[str, Any]) -> str:
    """What the points of one candidate are made of."""
    head = say("explain.terms", name=f"{candidate['provider']}:{candidate['id']}")
    lines = [
        say("explain.term", **{name: term[name] for name in ("name", "value", "weight", "points", "why")}).rstrip()
        for term in candidate["terms"]
    ]
    return "\n".join((head, *lines))


def _rejected(refused: list[dict[str, Any]], *, whole: bool) -> list[str]:
    if not refused:
        return []
    if whole:
        lines = [f"  {one['provider']}:{one['id']}: {one['reason']}" for one in refused]
    else:
        groups = Counter((one["provider"], one["reason"]) for one in refused)
        single = {(one["provider"], one["reason"]): f"{one['provider']}:{one['id']}" for one in refused}
        lines = [
            f"  {single[group] if count == 1 else say('explain.group', provider=group[0], count=count)}: {group[1]}"
            for group, count in groups.items()
        ]
    return [say("explain.refused"), *lines]
