"""POSTs to providers: a loop over the dispatches that are due. At least once, with a stable id.

A POST is noted in `sending` before it goes out. A dispatch that is still due although it was noted was cut off by a
crash: it is sent again under the same id, and what is recorded of it says that it was in doubt. What came of a POST
is appended to the log; the fold, reading it back, moves the dispatch on.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
import psycopg
import structlog
from structlog.contextvars import bind_contextvars

from services.dispatcher import due, posting
from services.dispatcher.configuration import webhook_of
from services.dispatcher.due import Due, Lane
from services.dispatcher.posting import Post
from services.dispatcher.state import ClaimKey
from services.dispatcher.webhooks import Limits, NotNow, Webhook, Webhooks
from shared.envelope import Event
from shared.events import DispatchRefused
from shared.outcomes import Policy, Refusal, next_try
from shared.runtime import clock
from shared.runtime.appender import Appender
from shared.runtime.cancellation import to_the_end, within
from shared.runtime.database import Connection, connect
from shared.runtime.lease import Fence, Lost
from shared.runtime.machine import Machine
from shared.runtime.outgoing import Outcomes, caught_up, end, session
from shared.runtime.settings import Settings

IDLE_SECONDS: Final = 0.25
ENDING_SECONDS: Final = 3.0
# For a note, once told to leave: what a server that stands still does not take back is in doubt.
STATEMENT_SECONDS: Final = 2.0
logger = structlog.get_logger()


async def send_due(settings: Settings, machine: Machine[Any], webhooks: Webhooks, outcomes: Outcomes) -> None:
    """Send what is due, for as long as this replica leads. `webhooks` is what it learns of them."""
    url = settings.database_url.get_secret_value()
    appender = Appender(url, "dispatcher", term=machine.term)
    async with (
        await connect(url, name="dispatcher sending", search_path="dispatcher", autocommit=True) as connection,
        session(settings) as client,
    ):
        webhooks.clear()
        sender = Sender(settings, client, appender, webhooks, Fence(connection, machine.term), outcomes)
        try:
            await caught_up(connection, machine)
            await _tell_the_rest(connection, appender, outcomes)
            await caught_up(connection, machine)
            await sender.run(connection, machine)
        finally:
            await to_the_end(sender.stop(connection))


async def _tell_the_rest(connection: Connection, appender: Appender, outcomes: Outcomes) -> None:
    """Record what an earlier term has left, as the state stands now.

    A refusal is told only of what is still due and nobody has begun to send since: of what another leader has sent,
    told or not, it would make a second call. Nor is one told of what was begun twice: it is not known by whom.
    """
    refusals = [name for name, event in outcomes.left().items() if _is_refusal(event)]
    begun = await due.begun(connection, refusals)
    for name in refusals:
        if begun.get(name, math.inf) > 1:
            logger.info("a refusal comes too late to be told", dispatch_id=name)
            outcomes.drop(name)
    await outcomes.record_the_rest(appender)


def _is_refusal(event: Event) -> bool:
    return isinstance(event.payload, DispatchRefused)


class Sender:
    """The POSTs in this process's hands."""

    def __init__(
        self,
        settings: Settings,
        client: aiohttp.ClientSession,
        appender: Appender,
        webhooks: Webhooks,
        fence: Fence,
        outcomes: Outcomes,
    ) -> None:
        self.settings = settings
        self._client = client
        self._appender = appender
        self._webhooks = webhooks
        self._fence = fence
        self._outcomes = outcomes
        self._lanes: dict[Lane, tuple[Webhook, Mapping[str, Any]]] = {}
        self._hands: dict[str, tuple[Post, asyncio.Task[None]]] = {}
        self._done: dict[str, tuple[ClaimKey, int]] = {}
        self._told: set[str] = set()
        self._unsent: set[str] = set()

    async def run(self, connection: Connection, machine: Machine[Any]) -> None:
        """Look for due dispatches after every commit of the fold, and now and then for those whose time comes."""
        rounds = 0
        self._webhooks.leading = True
        while True:
            machine.committed.clear()
            if not await self._send_some(connection, machine):
                await within(IDLE_SECONDS, machine.committed)
            rounds += 1
            if rounds % 1_000 == 0:
                await due.forget(connection)

    async def stop(self, connection: Connection) -> None:
        """Send nothing more, record what came of what is out, take back the notes of what was not sent; then close.

        What has no outcome by then is in doubt, and the next leader says so.
        """
        hands = dict(self._hands)
        for post, task in hands.values():
            if not post.out:
                task.cancel()
        await end([task for _, task in hands.values()], ENDING_SECONDS)
        self._unsent |= {name for name, (post, _) in hands.items() if not post.out}
        await end([asyncio.create_task(self._withdraw(connection))], STATEMENT_SECONDS)
        self._webhooks.clear()
        self._webhooks.leading = False
        await self._appender.close()

    async def _send_some(self, connection: Connection, machine: Machine[Any]) -> bool:
        """Take up what there is room for; whether a lane was met whose room is only known now."""
        await self._put_down(connection)
        if self._unsent:
            await to_the_end(self._withdraw(connection), STATEMENT_SECONDS)
        self._done = {name: done for name, done in self._done.items() if done[1] > machine.position}
        now = time.monotonic()
        rooms = {lane: webhook.room(now) for lane, (webhook, _) in self._lanes.items()}
        stuck = machine.letters.subjects("item"), machine.letters.subjects("batch")
        found = await due.find(connection, (*self._hands, *self._done, *self._told), stuck, rooms)
        met = {one.lane: one.config for one in found}
        # A lane that had room and nothing due is forgotten: each batch with settings of its own has lanes of its own.
        self._lanes = {lane: known for lane, known in self._lanes.items() if lane not in met and not rooms[lane]}
        await self._meet(connection, met)
        if chosen := list(self._chosen(found, now)):
            await to_the_end(self._take_up(connection, chosen), STATEMENT_SECONDS)
        return not met.keys() <= rooms.keys()

    async def _put_down(self, connection: Connection) -> None:
        """Let go of what waits in hand for its turn and is not due any more, as where its batch was paused, or is due
        for another batch now, by that one's settings.
        """
        if not (waiting := self._waiting()):
            return
        due_for = await due.payers(connection, waiting)
        still = {name for name, batch_id in due_for.items() if batch_id == waiting[name].dispatch.batch_id}
        gone = {name: self._hands[name][1] for name in self._waiting() if name in waiting and name not in still}
        for task in gone.values():
            task.cancel()
        self._unsent |= gone.keys()
        if gone:
            await asyncio.wait(gone.values())

    def _waiting(self) -> dict[str, Post]:
        """What is in hand and not out, and does not have its outcome without a POST."""
        told = self._outcomes.left()
        return {name: post for name, (post, _) in self._hands.items() if not post.out and name not in told}

    def _chosen(self, found: Iterable[Due], now: float) -> Iterator[tuple[Due, Webhook]]:
        """Those whose webhook has room, or that have waited for it in vain: of several lanes with one webhook each has
        found as much as it has room for. None of an entity whose call is out, for a batch that was cancelled since.
        """
        out = {post.dispatch.key for post, _ in self._hands.values()} | {key for key, _ in self._done.values()}
        for one in found:
            webhook, _ = self._lanes[one.lane]
            if one.dispatch.key in out:
                continue
            if webhook.takes_more(now) or posting.waited_in_vain(one, webhook):
                webhook.in_hand += 1
                yield one, webhook

    async def _take_up(self, connection: Connection, chosen: Sequence[tuple[Due, Webhook]]) -> None:
        """Note the POSTs and begin them: what is noted is in hand, or nobody would take its note back."""
        begun = await due.note(connection, [one.dispatch.dispatch_id for one, _ in chosen])
        for one, webhook in chosen:
            if times := begun.get(one.dispatch.dispatch_id):
                self._begin(Post(one, webhook, in_doubt=times > 1))
            else:
                webhook.in_hand -= 1
                self._told.add(one.dispatch.dispatch_id)

    async def _meet(self, connection: Connection, lanes: Mapping[Lane, Mapping[str, Any]]) -> None:
        """Know these lanes' webhooks, by the tenant's settings that name each and by those of all lanes at hand."""
        if not lanes:
            return
        named = {(lane.tenant_id, name) for lane, config in lanes.items() if (name := webhook_of(config))}
        at_hand = {**lanes, **{lane: config for lane, (_, config) in self._lanes.items()}}
        naming: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        for tenant_id, config in (
            *await due.naming(connection, named),
            *((lane.tenant_id, config) for lane, config in at_hand.items()),
        ):
            naming.setdefault((tenant_id, str(config.get("webhook_url"))), []).append(config)
        limits = {webhook: Limits.strictest(said) for webhook, said in naming.items()}
        for lane, config in lanes.items():
            webhook = self._webhooks.of(lane.tenant_id, config, limits[lane.tenant_id, str(config.get("webhook_url"))])
            self._lanes[lane] = webhook, config
            if webhook.taken is None:  # met for the first time
                posting.warn_where_no_answer_comes(self.settings, webhook)
                webhook.has_taken(*await due.submissions(connection, lane.tenant_id, webhook.webhook_id))

    async def _withdraw(self, connection: Connection) -> None:
        # Forgotten first: taken back twice, a note would hide that a POST is in doubt.
        names, self._unsent = self._unsent, set()
        await due.withdraw(connection, names)

    def _begin(self, post: Post) -> None:
        self._hands[post.dispatch.dispatch_id] = post, asyncio.create_task(self._send(post))

    async def _send(self, post: Post) -> None:
        dispatch = post.dispatch
        name, batch_id = dispatch.dispatch_id, dispatch.batch_id
        # In all that this task logs.
        bind_contextvars(dispatch_id=name, item_id=dispatch.item_id, batch_id=batch_id, correlation_id=batch_id)
        try:
            refusal = await self._attempt(post)
            if refusal is not None:
                logger.warning("a POST was refused", workflow=dispatch.workflow, code=refusal.code, why=refusal.reason)
            event = posting.recorded(post, refusal, clock.now())
            self._done[name] = dispatch.key, await self._outcomes.record(self._appender, name, event)
        except NotNow:
            self._unsent.add(name)
        except (Lost, psycopg.Error) as error:
            if not post.out:
                self._unsent.add(name)
            logger.warning("a POST is left to the next leader", error=repr(error)[:300])
        finally:
            post.webhook.in_hand -= 1
            self._hands.pop(name, None)

    async def _attempt(self, post: Post) -> Refusal | None:
        try:
            return await posting.send(self._client, self.settings, post, self._fence)
        except (NotNow, Lost, psycopg.Error):
            raise
        except Exception as error:
            logger.exception("a POST ended in an error of our own")
            now = clock.now()
            retry_at = next_try(post.dispatch.attempt, Policy.or_default(post.due.config), now, 1.0)
            return Refusal("INTERNAL", repr(error)[:500], retry_at, in_doubt=post.out)
