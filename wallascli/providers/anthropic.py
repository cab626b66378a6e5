"""Anthropic: paid. Each generation of models takes thinking in another form."""

import re

from wallascli.providers.base import Auth, Provider, Signup, Trains
from wallascli.providers.fitting import Body, Fit
from wallascli.wires import outbound
from wallascli.wires.base import Quirks

# Sources of the rows below: pydantic-ai 2.68.0 (live probes up to 2026-11-10) and litellm 1.109.1.
_SAMPLING = frozenset({"temperature", "top_p", "top_k"})
# Tokens of thought that stand for an effort, and back: Google publishes these, Anthropic publishes none.
_BUDGETS = {"low": 1024, "medium": 8192, "high": 24576, "xhigh": 31999, "max": 31999}


def _adaptive(body: Body) -> tuple[str, ...]:
    """A budget is a 400 since Opus 4.7; what it knows is an effort."""
    thinking = body.get("thinking") or {}
    if thinking.get("type") != "enabled":
        return ()
    budget = thinking.get("budget_tokens", 0)
    effort = next((name for name, tokens in _BUDGETS.items() if budget <= tokens), "max")
    body["thinking"] = {k: v for k, v in thinking.items() if k != "budget_tokens"} | {"type": "adaptive"}
    body["output_config"] = {"effort": effort, **body.get("output_config", {})}
    return ("reasoning.max_tokens",)


def _budgeted(body: Body) -> tuple[str, ...]:
    """4.5 knows neither adaptive thinking nor, but for Opus, an effort."""
    thinking, config = body.get("thinking") or {}, dict(body.get("output_config") or {})
    if thinking.get("type") != "adaptive":
        return ()
    budget = min(_BUDGETS.get(config.pop("effort", "high"), 24576), body["max_tokens"] - 1)
    body["output_config"] = config
    if not config:
        del body["output_config"]
    if budget < _BUDGETS["low"] or _answers_a_tool(body):
        del body["thinking"]
        return ("reasoning_effort",)
    body["thinking"] = {**thinking, "type": "enabled", "budget_tokens": budget}
    return ()


def _answers_a_tool(body: Body) -> bool:
    """With a budget, "a final assistant message must start with a thinking block": another maker's has none."""
    content = body["messages"][-1]["content"]
    return isinstance(content, list) and any(block.get("type") == "tool_result" for block in content)


def _never_off(instead: Body | None) -> Fit:
    """Thinking cannot be switched off there: say ``instead``, or nothing."""

    def fit(body: Body) -> tuple[str, ...]:
        if (body.get("thinking") or {}).get("type") == "disabled":
            del body["thinking"]
            body.update({"thinking": instead} if instead else {})
            return ("reasoning_effort",)
        return _adaptive(body)

    return fit


_QUIRKS = (
    (r"opus-5-5", Quirks(drops=_SAMPLING, adjust=_never_off(None))),
    (r"sonnet-5-5", Quirks(adjust=_never_off({"type": "between_tools"}))),
    (r"opus-4-[78]|opus-5|haiku-5-5", Quirks(drops=_SAMPLING, adjust=_adaptive)),
    (r"-4-5|-4-1|-4-0|sonnet-4(-20|$)|opus-4(-20|$)|claude-3", Quirks(adjust=_budgeted)),
)

PROVIDER = Provider(
    name="anthropic",
    title="Anthropic",
    base_url="https://api.anthropic.com",
    wire=outbound("anthropic"),
    key_env=("ANTHROPIC_API_KEY",),
    auth=Auth.X_API_KEY,
    signup=Signup("https://console.anthropic.com/settings/keys", 5, card_needed=True),
    headers={"anthropic-version": "2023-06-01"},
    model_quirks=lambda model: next((quirks for name, quirks in _QUIRKS if re.search(name, model)), None),
    trains=Trains.NO,  # API data is not used for training by default
    quota_per_account=True,
    # continues: only the 4.5 family takes a prefill; their cards say so. From 4.6 on it is a 400.
)
