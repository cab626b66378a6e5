"""Who may call: host names, origins and keys. Pure; a refusal is a value that the middleware answers with."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from wallascli.settings import ClientKey
from wallascli.wires.base import CallerError

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Asked by load balancers and by clients that look whether anybody is there.
_OPEN = frozenset({("GET", "/health"), ("HEAD", "/health"), ("GET", "/"), ("HEAD", "/")})


@dataclass(frozen=True, slots=True)
class Door:
    """``keys`` are those of clients; none: everybody on the allowed hosts may call."""

    keys: tuple[ClientKey, ...] = ()
    hosts: frozenset[str] = LOOPBACK_NAMES
    origins: frozenset[str] = field(default_factory=frozenset)
    any_address: bool = False
    """Bound to every address of the machine: any of them may be named. No page can point a number elsewhere."""

    def refuses(
        self, method: str, path: str, headers: Mapping[str, str], query_key: str | None
    ) -> CallerError | None:
        if not self._host_allowed(headers.get("Host", "")):
            return _refusal(
                403, "host_not_allowed", "This Host is not allowed here.", "add it to server.allowed_hosts"
            )
        origin = headers.get("Origin")
        if origin and not self._origin_allowed(origin):
            return _refusal(
                403, "origin_not_allowed", "This Origin is not allowed here.", "see server.allowed_origins"
            )
        if not self.keys or (method, path) in _OPEN:
            return None
        return self._key_refusal(headers, query_key)

    def _key_refusal(self, headers: Mapping[str, str], query_key: str | None) -> CallerError | None:
        given = presented_key(headers, query_key)
        if given is None:
            return _refusal(401, "missing_api_key", "This gateway wants a key.", "send `Authorization: Bearer …`")
        # Every key is compared, so that the time taken tells nothing.
        known = [key.opens(given) for key in self.keys]
        return (
            None if any(known) else _refusal(401, "invalid_api_key", "This key is not one of this gateway's.", "")
        )

    def _host_allowed(self, host: str) -> bool:
        name = host_name(host)
        if name in self.hosts or "*" in self.hosts:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback

    def _origin_allowed(self, origin: str) -> bool:
        if origin in self.origins or "*" in self.origins:
            return True
        # A page of this machine may call; "null" (a file, a sandbox) and every other site may not.
        scheme, _, rest = origin.partition("://")
        return scheme in ("http", "https") and origin != "null" and host_name(rest) in LOOPBACK_NAMES


def presented_key(headers: Mapping[str, str], query_key: str | None) -> str | None:
    """The key a client sent, in any of the four ways that clients know."""
    bearer = headers.get("Authorization", "")
    scheme, _, token = bearer.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or query_key or bearer or None


def host_name(host: str) -> str:
    """``host`` without its port: ``[::1]:8001`` is ``::1``."""
    host = host.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _refusal(status: int, code: str, message: str, hint: str) -> CallerError:
    kind = "authentication_error" if status == 401 else "permission_error"
    return CallerError(status, code, kind, message, hint=hint)
