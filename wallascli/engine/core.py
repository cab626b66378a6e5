"""Asking, knowing and discovering, over one set of connections and one memory of health."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self

from wallascli.paths import write_private
from wallascli.providers.base import Provider
from wallascli.routing.candidate import Candidate, Place, Plan
from wallascli.routing.catalog import Catalog
from wallascli.routing.health import Health
from wallascli.routing.plan import Planner
from wallascli.routing.reply import Reply
from wallascli.routing.rules import Rules
from wallascli.routing.shipped import shipped_cards
from wallascli.routing.stats import StatsRow
from wallascli.routing.witness import Witness
from wallascli.store.health import HealthStore
from wallascli.store.keeper import Keeper
from wallascli.upstream.client import Upstream
from wallascli.upstream.discovery import listing
from wallascli.vocab.chat import ChatRequest
from wallascli.vocab.failures import AttemptFailed, FailureClass, UnknownModel
from wallascli.vocab.models import ModelCard
from wallascli.vocab.policy import Policy
from wallascli.wires.base import Inbound, Malformed

# Free tiers change monthly, lists daily at most (design 3.6).
FRESH = 6 * 3600.0
# A local server's models come and go with a command of its user's.
FRESH_LOCAL = 60.0
LOCAL_PATIENCE = 0.3
# A name that no list holds is worth a look at local servers (2 ms) if the last one is older.
JUST_NOW = 2.0
FIRST_LOCAL = 2.0
# After a failed look: nobody there is the usual case (no Ollama), and it may be started any time.
LOOK_AGAIN = 10.0
# A provider that would not tell: a wrong key stays wrong, and a listing is no reason to knock every minute.
ASK_AGAIN = 900.0
_PATIENCE = 15.0
# So long (seconds) a request waits for lists that nobody has seen yet, where without them nobody can be asked.
FIRST_LIST = 3.0


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything an engine needs to know, as plain values; ``models`` are those that the settings name."""

    places: Mapping[str, Place]
    rules: Rules
    state: Path
    cache: Path
    models: Mapping[str, tuple[ModelCard, ...]]
    say: tuple[str, ...] = ()


class Engine:
    """``async with Engine(setup) as engine``. Everything of it lives on one event loop."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.catalog = Catalog(shipped_cards())
        self.health = Health(Random())
        self.warnings: list[str] = list(setup.say)
        self._upstream = Upstream()
        self._witness = Witness(self.health, self.catalog)
        self._planner = Planner(self.catalog, setup.places, setup.rules, self.health)
        self._keeper = Keeper(HealthStore(setup.state, self.warnings.append), self.health)
        self._discovery: asyncio.Task[None] | None = None
        self._asked_at: dict[str, float] = {}
        self._looks: dict[str, asyncio.Task[tuple[str, str]]] = {}
        self._first_looks: set[asyncio.Task[tuple[str, str]]] = set()
        self._looked: set[str] = set()
        self._deaf: set[str] = set()
        self._preparing = asyncio.Lock()
        self._prepared_until = 0.0
        for name, cards in setup.models.items():
            self.catalog.add(setup.places[name].provider, cards)

    async def __aenter__(self) -> Self:
        await self._keeper.start()
        now = time.time()
        for name, place in self.setup.places.items():
            self.health.retain_keys(name, [key.fingerprint for key in place.keys], now)
            if not place.unusable and name not in self.setup.models:
                self._load_listing(place.provider)
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = [task for task in (self._discovery, *self._looks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._upstream.close()
        await self._keeper.close()

    # -- asking

    def chat(self, request: ChatRequest, policy: Policy, inbound: Inbound | None = None) -> Reply:
        """An answer to be opened; in ``inbound``'s bytes, or in words where there is none.

        Raises ``UnknownModel`` or ``NotUnderstood``.
        """
        plan = self._planner.plan(request, policy)

        def answered(candidate: Candidate) -> None:
            if not candidate.named:
                self._planner.remember(request, policy, candidate)

        return Reply(self._upstream, self._witness, request, plan, policy, inbound, answered)

    def plan(self, request: ChatRequest, policy: Policy) -> Plan:
        """Who would be asked, without asking."""
        return self._planner.plan(request, policy)

    # -- knowing

    def stats(self) -> list[StatsRow]:
        return self.health.stats(time.time())

    @property
    def places(self) -> Mapping[str, Place]:
        return self.setup.places

    def usable(self) -> list[Place]:
        """Places that could be asked now: with a key, or local and known to answer."""
        return [
            place
            for name, place in self.setup.places.items()
            if not place.unusable and (place.keys or name in self.setup.models or self.catalog.is_listed(name))
        ]

    # -- discovering

    def discover_in_background(self) -> None:
        """Now, and every six hours."""
        if self._discovery is None:
            self._discovery = asyncio.create_task(self._keep_discovering(), name="discovery")

    async def _keep_discovering(self) -> None:
        while True:
            await self.discover(self.stale())
            await asyncio.sleep(FRESH_LOCAL)

    def stale(self) -> list[str]:
        """Places whose listing is missing or old."""
        now = time.time()
        return [
            name for name, place in self.setup.places.items() if not place.unusable and self._is_stale(name, now)
        ]

    def _is_stale(self, name: str, now: float) -> bool:
        if name in self.setup.models:
            return False
        local = self.setup.places[name].provider.local
        at = self.catalog.listed_at(name)
        if at is not None and now - at <= (FRESH_LOCAL if local else FRESH):
            return False
        return now - self._asked_at.get(name, 0.0) > (LOOK_AGAIN if local else ASK_AGAIN)

    async def ready_for(self, request: ChatRequest, policy: Policy) -> None:
        """Look around, and wait a little for what would change who this request means."""
        await self._look_around()
        bare = self._planner.is_bare(request, policy)
        if bare:
            await self._look_here()
        if not self._first_looks and (not bare or self._planner.understands(request, policy)):
            return
        over = time.monotonic() + min(FIRST_LIST, policy.deadline or FIRST_LIST)
        while looks := self._missing(request, policy):
            left = over - time.monotonic()
            if left <= 0:
                break
            await asyncio.wait(looks, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    def _missing(self, request: ChatRequest, policy: Policy) -> list[asyncio.Task[tuple[str, str]]]:
        """Lists under way without which nobody can be asked, or a name means nothing: then also old ones anew."""
        try:
            return [] if self._planner.plan(request, policy).candidates else list(self._first_looks)
        except UnknownModel:
            for name in self.stale():
                self._look(name, LOCAL_PATIENCE)
            return [look for look in self._looks.values() if not look.done()]

    async def _look_here(self) -> None:
        """A bare name may be a model that was installed this very moment: then it must not leave (P4)."""
        moment = time.time() - JUST_NOW
        here = [
            name
            for name, place in self.setup.places.items()
            if place.provider.local
            and not place.unusable
            and name not in self.setup.models
            and name not in self._deaf
            and self._asked_at.get(name, 0.0) < moment
        ]
        if here:
            await self.discover(here, local_patience=LOCAL_PATIENCE)

    async def prepare(self) -> None:
        """What must be known before anything can be said of models: local ones, and lists nobody has seen yet."""
        await self._look_around()
        if self._first_looks:
            await asyncio.wait(tuple(self._first_looks), timeout=FIRST_LIST)

    async def _look_around(self) -> None:
        """Costs nothing until the next look is due; requests that come meanwhile wait for the same one.

        Lists of others are only asked for here: who needs one waits for it.
        """
        if time.monotonic() < self._prepared_until:
            return
        async with self._preparing:
            if time.monotonic() < self._prepared_until:
                return
            due = self._unprepared()
            here = [name for name in due if self.setup.places[name].provider.local]
            for name in due:
                if name not in here:
                    self._look(name, _PATIENCE)
            wrong = await self.discover(here, local_patience=LOCAL_PATIENCE)
            await self._local_looks()
            self._prepared_until = time.monotonic() + (LOOK_AGAIN if wrong else FRESH_LOCAL)

    async def _local_looks(self) -> None:
        """Those that the background began: what is asked before the first is over would leave the machine (P4)."""
        here = [n for n, look in self._looks.items() if not look.done() and self.setup.places[n].provider.local]
        if here:
            seen = self._looked.issuperset(here)
            await asyncio.wait([self._looks[n] for n in here], timeout=LOCAL_PATIENCE if seen else FIRST_LOCAL)

    def _unprepared(self) -> list[str]:
        # Who did not tell when asked is asked again in the background: no request waits for that.
        known = {card.provider for card in self.catalog.all()} | self._asked_at.keys()
        return [name for name in self.stale() if self.setup.places[name].provider.local or name not in known]

    async def discover(self, names: Iterable[str], *, local_patience: float = FIRST_LOCAL) -> dict[str, str]:
        """Ask these providers for their models; returns what went wrong, by name."""
        looks = [self._look(name, local_patience) for name in names]
        done = await asyncio.gather(*map(asyncio.shield, looks))
        return {name: error for name, error in done if error}

    def _look(self, name: str, local_patience: float) -> asyncio.Task[tuple[str, str]]:
        """One look at a place at a time; a request that goes away does not end it for the others."""
        look = self._looks.get(name)
        if look is None or look.done():
            self._asked_at[name] = time.time()
            look = self._looks[name] = asyncio.create_task(self._discover(name, local_patience))
            if name not in self._looked and not self.catalog.of(name):
                self._first_looks.add(look)
                look.add_done_callback(self._first_looks.discard)
        return look

    async def _discover(self, name: str, local_patience: float) -> tuple[str, str]:
        place = self.setup.places[name]
        patience = local_patience if place.provider.local else _PATIENCE
        now = self._asked_at[name]
        try:
            body = await listing(self._upstream, place.provider, place.keys, seconds=patience, now=now)
            cards = place.provider.wire.read_listing(body, name)
        except AttemptFailed as exc:
            # One that is only slow is busy answering somebody: what it has is still here.
            if place.provider.local and exc.failure.kind is not FailureClass.SLOW:
                self.catalog.missed(name)
            elif place.provider.local:
                self._deaf.add(name)
            return name, exc.failure.message
        except Malformed as exc:
            return name, f"its list of models makes no sense: {exc}"
        finally:
            self._looked.add(name)
        self.catalog.add(place.provider, cards, now)
        self._deaf.discard(name)
        self.health.forget_gone(now, name)
        await asyncio.to_thread(self._keep_listing, place.provider, body)
        return name, ""

    def _listing_file(self, provider: Provider) -> Path:
        """One for each address: another server under the same name has other models."""
        address = hashlib.sha256(f"{provider.wire.name} {provider.base_url}".encode()).hexdigest()[:12]
        return self.setup.cache / "listings" / f"{provider.name}.{address}.json"

    def _keep_listing(self, provider: Provider, body: bytes) -> None:
        with contextlib.suppress(OSError):  # a cache: without it the list is asked for again
            write_private(self._listing_file(provider), body)

    def _load_listing(self, provider: Provider) -> None:
        file = self._listing_file(provider)
        try:
            at, body = file.stat().st_mtime, file.read_bytes()
            cards = provider.wire.read_listing(body, provider.name)
        except (OSError, Malformed):
            return
        self.catalog.add(provider, cards, at)
        if provider.local and time.time() - at >= FRESH_LOCAL:
            # What it held stays local by name (P4); nobody is sent there before it has answered.
            self.catalog.missed(provider.name)
