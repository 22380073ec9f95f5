"""One webhook as the sender knows it: how fast it may be called, whether it works, and how much it has taken.

Only the leading replica sends, so what one process knows of a webhook is what everybody knows. A webhook that cannot be
called keeps its dispatches due: nothing counts as an attempt that was not sent, and other webhooks do not wait for it.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from services.dispatcher.configuration import webhook_id

NEARLY_FULL: Final = 0.8
LONGEST_PAUSE: Final = 900.0
UNLIMITED_IN_HAND: Final = 256
MOST_AT_ONCE: Final = 10_000


class NotNow(Exception):
    """The webhook may not be called at the moment; the dispatch stays due."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client's settings say of a webhook. Clay takes 10 records a second in a workspace, in bursts of 20.

    `rate` is POSTs a second, 0 for no limit. After `failures` in a row nothing is sent for `pause` seconds, then one
    POST is tried. A Clay webhook takes `submissions` in its life and silently none after that.
    """

    rate: float = 10.0
    burst: int = 20
    in_flight: int = 16
    failures: int = 5
    pause: float = 30.0
    submissions: int = 50_000

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Limits":
        """A client's; what it does not say has the defaults above. Raises ValueError and TypeError."""
        default = cls()
        try:
            limits = cls(
                rate=float(config.get("rate_per_second", default.rate)),
                burst=max(1, min(int(config.get("burst", default.burst)), MOST_AT_ONCE)),
                in_flight=min(int(config.get("in_flight", default.in_flight)), MOST_AT_ONCE),
                failures=int(config.get("circuit_failures", default.failures)),
                pause=float(config.get("circuit_seconds", default.pause)),
                submissions=int(config.get("max_submissions", default.submissions)),
            )
        except OverflowError as error:
            raise ValueError(f"a number is too large: {error}") from error
        if limits.in_flight < 1 or limits.failures < 1 or not limits.rate >= 0:
            raise ValueError("in_flight and circuit_failures have to be 1 or more, rate_per_second 0 or more")
        return limits

    @classmethod
    def strictest(cls, settings: Iterable[Mapping[str, Any]]) -> "Limits | None":
        """Of each limit the strictest that these settings, which name one webhook, say. None where none can be used."""
        said = []
        for config in settings:
            with suppress(TypeError, ValueError):  # by settings that cannot be used nothing is sent
                said.append(cls.of(config))
        if not said:
            return None
        return cls(
            rate=min((limits.rate for limits in said if limits.rate), default=0.0),
            burst=min(limits.burst for limits in said),
            in_flight=min(limits.in_flight for limits in said),
            failures=min(limits.failures for limits in said),
            pause=max(limits.pause for limits in said),
            submissions=min(limits.submissions for limits in said),
        )

    @property
    def in_hand(self) -> int:
        """How many dispatches are taken up at once: what can be sent soon, for what waits in hand waits in memory."""
        return self.in_flight + self.burst if self.rate else max(UNLIMITED_IN_HAND, self.in_flight)


@dataclass
class Circuit:
    """Whether a webhook works. Closed, it is called; open, it is left alone; then one call decides.

    `asked`: it works, and has asked to be left alone. `since`: when it failed first, of `failures` in a row.
    """

    failures: int = 0
    since: float = 0.0
    opened: int = 0
    until: float = 0.0
    asked: bool = False

    def is_open(self, now: float) -> bool:
        return now < self.until

    @property
    def probing(self) -> bool:
        """Whether the next call is the one that decides."""
        return self.opened > 0

    def worked(self) -> None:
        self.failures = self.opened = 0

    def failed(self, limits: Limits, now: float) -> bool:
        """Count a failure. True if it opened the circuit: each time for twice as long."""
        self.since = self.since if self.failures else now
        self.failures += 1
        if self.is_open(now) or not (self.probing or self.failures >= limits.failures):
            return False
        self.until = now + min(LONGEST_PAUSE, limits.pause * 2.0 ** min(self.opened, 20))
        self.asked = False
        self.opened += 1
        return True

    def fails(self, now: float, seconds: float) -> bool:
        """Whether it is left alone, and has failed whenever it was called for so long."""
        return self.failures > 0 and self.is_open(now) and now - self.since >= seconds

    def hold(self, until: float) -> None:
        """Leave the webhook alone until then, as its Retry-After asks."""
        if until > self.until:
            self.until, self.asked = until, True


class Places:
    """Who is in flight, each by the limit that held when it asked: nobody is one more than any of these allows.

    Whoever waits goes in turn.
    """

    def __init__(self) -> None:
        self._taken: list[int] = []
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def place(self, most: int) -> AsyncIterator[None]:
        """Hold a place while no more than `most` are in flight."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((most, turn))
        self._let_in()
        try:
            await turn
            yield
        finally:
            if turn.done() and not turn.cancelled():
                self._taken.remove(most)
            self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            most, turn = self._waiting[0]
            if not turn.done():
                if len(self._taken) >= min([most, *self._taken]):
                    return
                self._taken.append(most)
                turn.set_result(None)
            self._waiting.popleft()


@dataclass
class Webhook:
    """One URL of one tenant. `limits`: the strictest of its settings that name it. `taken`: its submissions that were
    accepted in the webhook's life, None until the log was asked; `taken_at`: when the last of them was.

    `problem`: why the settings it was last met with cannot be used. `warned`: that it is nearly full was said.
    """

    url: str
    limits: Limits
    problem: str | None = None
    taken: int | None = None
    taken_at: datetime | None = None
    in_hand: int = 0
    warned: bool = False
    circuit: Circuit = field(default_factory=Circuit)

    def __post_init__(self) -> None:
        self._places = Places()
        self._tokens, self._at = float(self.limits.burst), time.monotonic()

    @property
    def webhook_id(self) -> str:
        return webhook_id(self.url)

    def has_taken(self, submissions: int, taken_at: datetime | None = None) -> None:
        """So the log says. Who led before may have sent the last of them just now: no burst at first."""
        self.taken, self.taken_at = submissions, taken_at
        if submissions:
            self._tokens = 0.0

    def accept(self, submissions: int) -> int:
        """Count submissions (-1: one was not accepted after all); how many it has taken then."""
        self.taken = (self.taken or 0) + submissions
        return self.taken

    @property
    def full(self) -> bool:
        return (self.taken or 0) >= self.limits.submissions

    def adopt(self, limits: Limits) -> None:
        """Go by other limits from now on; what is in flight is not called back."""
        self.limits, self.warned = limits, False
        self._tokens = min(self._tokens, float(limits.burst))

    def room(self, now: float) -> int:
        """How many more dispatches to look for now; none while most places are taken, to find many at a time.

        One while it is left alone: by that the settings are met again, which may have another webhook now.
        """
        if self.circuit.is_open(now):
            return 1
        free = self._most(now) - self.in_hand
        return free if free * 4 >= self._most(now) else 0

    def takes_more(self, now: float) -> bool:
        """Whether one more may be taken in hand."""
        return self.in_hand < self._most(now)

    def left_alone(self, now: float) -> int:
        """For how many seconds yet nothing is sent, because it failed or asked for it."""
        return math.ceil(max(0.0, self.circuit.until - now))

    def in_vain(self, since: datetime, patience: float, now: datetime) -> datetime | None:
        """Since when it has taken nothing while a call waited, which is to be made since `since`: if that is `patience`
        seconds ago or more, and it fails still, for a quarter of an hour as none does while a network comes up.
        """
        since = max(since, self.taken_at or since)
        waited = (now - since).total_seconds() >= patience
        return since if waited and self.circuit.fails(time.monotonic(), min(patience, LONGEST_PAUSE)) else None

    def _most(self, now: float) -> int:
        if self.circuit.is_open(now):
            return 0
        return 1 if self.circuit.probing else self.limits.in_hand

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one of the webhook's places, once it may be called. Raises NotNow when it turns out that it may not."""
        async with self._places.place(self.limits.in_flight):
            self._admit()
            await self._token(self.limits)
            self._admit()
            yield

    def _admit(self) -> None:
        if self.circuit.is_open(time.monotonic()):
            raise NotNow

    async def _token(self, limits: Limits) -> None:
        """Wait for a token, in turn: `rate` come a second, up to `burst`."""
        if not limits.rate:
            return
        now = time.monotonic()
        self._tokens = min(limits.burst, self._tokens + (now - self._at) * limits.rate) - 1
        self._at = now
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / limits.rate)


class Webhooks(dict[tuple[str, str], Webhook]):
    """The webhooks this replica has met since it leads, by tenant and URL: no tenant's calls, limits and failures touch
    another's. Of those that another replica leads it knows nothing.
    """

    leading = False

    def of(self, tenant_id: str, config: Mapping[str, Any], limits: Limits | None = None) -> Webhook:
        """The webhook of a tenant's settings, by `limits` from now on: the strictest where others name it, or its own.

        Settings that cannot be used have one of their own, without a URL, that says why.
        """
        url = str(config.get("webhook_url") or "")
        if not url.startswith(("http://", "https://")):
            return Webhook("", Limits(), "there is no webhook_url that begins with http", taken=0)
        try:
            own = Limits.of(config)
        except (ValueError, TypeError) as error:
            return Webhook("", Limits(), str(error), taken=0)
        limits = limits or own
        known = self.get((tenant_id, url))
        if known is None:
            known = self[tenant_id, url] = Webhook(url, limits)
        elif known.limits != limits:
            known.adopt(limits)
        return known
