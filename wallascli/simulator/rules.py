"""Which script holds for which request, and what each pretended provider has: models, keys, a wire.

A rule may be narrowed by provider, model and key; the narrowest that fits decides, of equally narrow ones the
newest. A rule with several scripts gives each request the next; the last one stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from wallascli.simulator.routes import Target
from wallascli.simulator.script import GOOD, Behaviour, model_script, parse

MODELS = ("sim", "sim-think", "sim-tools", "sim-c200-d20")


@dataclass(slots=True)
class Rule:
    """Scripts for some requests. Empty fields fit everything; `key` is compared with the end of the caller's.

    Lists of models are asked for at times nobody foresees, so a rule is about chats unless it says otherwise.
    """

    scripts: tuple[Behaviour, ...]
    provider: str = ""
    model: str = ""
    key: str = ""
    operation: str = "chat"
    used: int = 0

    def fits(self, target: Target, key: str) -> bool:
        return (
            (not self.provider or self.provider == target.provider)
            and (not self.operation or self.operation == target.operation)
            and (not self.model or self.model == target.model)
            and (not self.key or key.endswith(self.key))
        )

    @property
    def narrowness(self) -> int:
        return 4 * bool(self.key) + 2 * bool(self.model) + bool(self.provider)

    def take(self) -> Behaviour:
        script = self.scripts[min(self.used, len(self.scripts) - 1)]
        self.used += 1
        return script


@dataclass(slots=True)
class Pretended:
    """What a provider has. `models` None: any name is served; `keys` None: any key, or none, is good."""

    models: tuple[str, ...] | None = None
    keys: tuple[str, ...] | None = None
    listing: object = None  # the whole answer to "which models have you", where a recorded one is wanted
    wire: str = ""
    asked: int = 0


@dataclass(slots=True)
class Rules:
    """Everything that can be changed while the simulator runs."""

    rules: list[Rule] = field(default_factory=list)
    providers: dict[str, Pretended] = field(default_factory=dict)

    def add(self, scripts: Sequence[str], provider: str, model: str, key: str, operation: str) -> None:
        """Add a rule; it replaces one for exactly the same requests. Raises UnknownWord."""
        provider = "" if provider == "*" else provider
        rule = Rule(tuple(parse(script) for script in scripts) or (GOOD,), provider, model, key, operation)
        same = (provider, model, key, operation)
        self.rules = [
            other for other in self.rules if (other.provider, other.model, other.key, other.operation) != same
        ]
        self.rules.append(rule)

    def provider(self, name: str) -> Pretended:
        return self.providers.setdefault(name, Pretended())

    def clear(self) -> None:
        self.rules.clear()
        self.providers.clear()

    def behaviour(self, target: Target, key: str, header: str | None) -> Behaviour:
        """The script of one request: header, then model name, then rules. Raises UnknownWord."""
        pretended = self.provider(target.provider)
        pretended.asked += target.operation == "chat"
        if pretended.keys is not None and key not in pretended.keys:
            return parse("badkey")
        chosen = self._chosen(target, key, header)
        if chosen.every > 1 and pretended.asked % chosen.every:
            return replace(
                GOOD, script=f"({chosen.script})", say=chosen.say, chunks=chosen.chunks, rich=chosen.rich
            )
        return chosen

    def _chosen(self, target: Target, key: str, header: str | None) -> Behaviour:
        if header:
            return parse(header)
        named = model_script(target.model)
        if named:
            return parse(named)
        models = self.provider(target.provider).models
        if target.operation == "chat" and models is not None and target.model not in models and named is None:
            return parse("nomodel")
        fitting = [rule for rule in self.rules if rule.fits(target, key)]
        return max(reversed(fitting), key=lambda rule: rule.narrowness).take() if fitting else GOOD

    def models(self, provider: str) -> tuple[str, ...]:
        """The names that the provider lists."""
        listed = self.provider(provider).models
        return MODELS if listed is None else listed
