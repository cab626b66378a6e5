"""The server: takes requests from connections, decides what happens to them, keeps the log."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from wallascli.simulator import answer, control, errors, faults, http, routes
from wallascli.simulator.acts import Act, Send
from wallascli.simulator.connection import Connection
from wallascli.simulator.js import JsonObject, compact, obj, txt
from wallascli.simulator.log import Entry, Log, seen
from wallascli.simulator.play import play
from wallascli.simulator.question import Malformed, Question
from wallascli.simulator.routes import Target
from wallascli.simulator.rules import Rules
from wallascli.simulator.script import Behaviour, UnknownWord
from wallascli.simulator.shape import Failure, Shape, Told
from wallascli.simulator.shapes import SHAPES

EMPTY = answer.Answer((), ((),), (), "stop")
OUTCOMES = ("complete", "client_gone", "killed", "failed")
ELSEWHERE = "/_elsewhere"


class Server:
    """Everything that outlives one connection."""

    def __init__(self) -> None:
        self.rules = Rules()
        self.log = Log()
        self.handshake = "plain"
        self.connections: set[Connection] = set()
        self.ever_connected = 0
        self.in_flight = 0
        self.outcomes = Counter(dict.fromkeys(OUTCOMES, 0))
        self.serial = 0

    def opened(self, connection: Connection) -> int:
        self.connections.add(connection)
        self.ever_connected += 1
        return self.ever_connected

    def closed(self, connection: Connection) -> None:
        self.connections.discard(connection)

    @property
    def open_connections(self) -> int:
        """Connections that serve clients; those that only ask how things stand are not counted."""
        return sum(1 for connection in self.connections if not connection.control)

    def exchange(self, request: http.Request, connection: Connection) -> Performed:
        if request.path.startswith(control.PREFIX):
            connection.control = True
            return Performed(self, None, iter((Send(control.answer(self, request)),)), GOOD_MANNERS)
        connection.control = False
        return Begun(self, request, connection).performed()


GOOD_MANNERS = Behaviour()


class Performed:
    """One exchange as the connection sees it."""

    def __init__(self, server: Server, entry: Entry | None, acts: Iterator[Act], behaviour: Behaviour) -> None:
        self._server, self._entry, self._acts = server, entry, acts
        self._started = time.monotonic()
        self.bytewise = "bytewise" in behaviour.flags
        self.close_after = bool(behaviour.flags & {"onceclose", "goodbye"})
        self.reset_next = "reusereset" in behaviour.flags
        if entry is not None:
            server.in_flight += 1
            server.log.add(entry)

    def acts(self) -> Iterator[Act]:
        return self._acts

    def sent(self, content: bool) -> None:
        if self._entry is not None and content:
            self._entry.pieces += 1

    def ended(self, outcome: str) -> None:
        entry, self._entry = self._entry, None
        if entry is None:
            return
        self._server.in_flight -= 1
        self._server.outcomes[outcome] += 1
        entry.outcome = outcome
        entry.seconds = round(time.monotonic() - self._started, 6)
        entry.open_connections = self._server.open_connections


class Begun:
    """A request on its way to an answer."""

    def __init__(self, server: Server, request: http.Request, connection: Connection) -> None:
        self.server, self.request, self.connection = server, request, connection
        self.now = time.time()
        self.key = caller_key(request)
        self.body: JsonObject = {}
        self.entry = Entry(
            self.now,
            connection.port,
            request.method,
            request.path,
            connection=connection.number,
            nth_on_connection=connection.requests,
            body_bytes=len(request.body),
        )
        self.entry.query, self.entry.headers, self.entry.body = seen(request)

    def performed(self) -> Performed:
        target = routes.route(self.request.method, self.request.path, self.request.query, self.request.headers)
        if target is None:
            return self._plain(404, {"error": {"message": f"no such path: {self.request.path}", "code": 404}})
        wire = self.server.rules.provider(target.provider).wire
        if wire and target.operation == "models":
            target = replace(target, wire=wire)
        try:
            self.body = obj(json.loads(self.request.body)) if self.request.body else {}
        except ValueError:
            return self._refused(target, 400, "bad", "We could not parse the JSON body of your request.")
        target = replace(target, model=target.model or txt(self.body.get("model")))
        try:
            behaviour = self.server.rules.behaviour(target, self.key, self.request.headers.get("x-simulate"))
        except UnknownWord as word:
            return self._refused(target, 404, "nomodel", f"the simulator knows no word {word}")
        self._note(target, behaviour)
        return self._answered(target, behaviour)

    def _note(self, target: Target, behaviour: Behaviour) -> None:
        entry = self.entry
        entry.provider, entry.wire, entry.operation = target.provider, target.wire, target.operation
        entry.model, entry.script = target.model, behaviour.script
        entry.fault = faults.describe(behaviour)

    def _answered(self, target: Target, behaviour: Behaviour) -> Performed:
        shape, status = SHAPES[target.wire], errors.status_of(behaviour, target)
        try:
            question, said, other = self._read(shape, target, behaviour)
        except (Malformed, answer.Declined) as refusal:
            if not (status or behaviour.fault in faults.OPENINGS):
                return self._declined(target, refusal)
            question, said, other = Question((), self.body.get("stream") is True), EMPTY, None
        self.server.serial += 1
        failure = errors.failure_of(behaviour, target, self.now, self.entry.headers.get("authorization", ""))
        behaviour = replace(behaviour, status=0 if behaviour.fault == "error" else status)
        told = Told(target, question, behaviour, said, self.server.serial, self.now)
        self.entry.stream, self.entry.status = question.stream, behaviour.status or 200
        elsewhere = f"http://127.0.0.1:{self.connection.port}{ELSEWHERE}{self.request.path}"
        headers = errors.headers_of(failure, elsewhere)
        return Performed(self.server, self.entry, play(shape, told, failure, headers, other), behaviour)

    def _read(self, shape: Shape, target: Target, behaviour: Behaviour) -> tuple[Question, answer.Answer, object]:
        """The question and what is said to it; or the answer to what is no chat. Raises Malformed, Declined."""
        pretended = self.server.rules.provider(target.provider)
        if target.operation == "chat":
            question = shape.read(target, self.body, "lax" not in behaviour.flags)
            return question, answer.compose(question, behaviour), None
        if target.operation == "models" and pretended.listing is not None:
            return Question((), False), EMPTY, pretended.listing
        names = self.server.rules.models(target.provider)
        return Question((), False), EMPTY, shape.other(target, names, self.body)

    def _declined(self, target: Target, refusal: Malformed | answer.Declined) -> Performed:
        if isinstance(refusal, Malformed):
            return self._refused(target, 400, "bad", str(refusal))
        message = refusal.message or errors.no_prefill(target.wire)
        return self._refused(target, refusal.status, refusal.reason, message)

    def _refused(self, target: Target, status: int, reason: str, message: str) -> Performed:
        self._note(target, Behaviour(status=status))
        failure = Failure(status, reason, message, "", 0, target, self.now)
        return self._plain(status, SHAPES[target.wire].error(failure), errors.headers_of(failure, ""))

    def _plain(self, status: int, body: object, headers: dict[str, str] | None = None) -> Performed:
        self.entry.status = status
        content = compact(body).encode()
        head = http.head(
            status, {"content-type": "application/json", "content-length": str(len(content))} | (headers or {})
        )
        sent = head if self.request.method == "HEAD" else head + content
        return Performed(self.server, self.entry, iter((Send(sent),)), GOOD_MANNERS)


def caller_key(request: http.Request) -> str:
    """The key that the caller showed, wherever its wire puts it."""
    headers = request.headers
    bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
    return bearer or headers.get("x-api-key") or headers.get("x-goog-api-key") or request.query.get("key", "")
