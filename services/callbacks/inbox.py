"""The way round a database that is away: answers wait in the stream INBOX and are appended once it is back.

An event keeps the id it got on receipt, so appending it again changes nothing.
"""

import asyncio
from typing import Any, Final

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig

from shared.envelope import Event, checked_json, from_json
from shared.runtime.appender import Appender, Unavailable
from shared.runtime.cancellation import end_if_cancelled
from shared.runtime.leaving import leave
from shared.runtime.machine import Machine
from shared.runtime.settings import Settings
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT

READER: Final = "callbacks"
FETCH: Final = 200
FETCH_SECONDS: Final = 5.0
AGAIN_SECONDS: Final = 5.0
NAK_SECONDS: Final = 0.5
PAUSE_SECONDS: Final = 1.0
ACK_SECONDS: Final = 5.0
# How long, once told to leave, for what the server may be sending, and for appending it.
FETCHING_SECONDS: Final = 0.3
ENDING_SECONDS: Final = 3.0
logger = structlog.get_logger()


async def put(client: Client, events: list[Event]) -> None:
    """Publish the events and wait until they are on disk. Raises UnstorableEvent, and NatsError."""
    stream = client.jetstream(timeout=ACK_SECONDS)
    for event in events:
        await stream.publish(INBOX_SUBJECT, checked_json(event), headers={"Nats-Msg-Id": event.id})


async def drain(settings: Settings, machine: Machine[Any]) -> None:
    """Append what waits in the inbox, for as long as this replica leads."""
    appender = Appender(settings.database_url.get_secret_value(), "callbacks inbox")
    client = await nats.connect(settings.nats_url.get_secret_value(), name="callbacks inbox", max_reconnect_attempts=-1)
    try:
        while not client.is_closed:
            end_if_cancelled()
            try:
                await _read(client, appender)
            except (NatsError, TimeoutError) as error:
                await _pause(error)
        raise ConnectionClosedError
    finally:
        await leave(client.flush())  # what was acknowledged last
        await leave(client.close())
        await appender.close()


async def _read(client: Client, appender: Appender) -> None:
    """Append what waits, until NATS gives out nothing of it; then what is there is to be read from the start.

    Raises NatsError: the reader, or the stream, may be gone, and is to be looked for anew.
    """
    subscription, kept_back = await _subscribed(client), 0
    try:
        while kept_back < 2:
            end_if_cancelled()
            try:
                await _take_some(subscription, appender)
                kept_back = 0
            except (NatsTimeout, TimeoutError):
                kept_back = kept_back + 1 if await _has_messages(client) else 0
            except Unavailable as error:
                await _pause(error)
    finally:
        await leave(subscription.unsubscribe())
    logger.warning("NATS gives out nothing of what is in the inbox; reading it from the start")
    await client.jetstream().delete_consumer(INBOX_STREAM, READER)  # what is in the log already changes nothing


async def _pause(error: Exception) -> None:
    logger.warning("the inbox waits", error=repr(error)[:300])
    await asyncio.sleep(PAUSE_SECONDS)


async def _subscribed(client: Client) -> JetStreamContext.PullSubscription:
    config = ConsumerConfig(ack_wait=AGAIN_SECONDS)
    return await client.jetstream().pull_subscribe(INBOX_SUBJECT, durable=READER, stream=INBOX_STREAM, config=config)


async def _has_messages(client: Client) -> bool:
    try:
        state = (await client.jetstream(timeout=ACK_SECONDS).stream_info(INBOX_STREAM)).state
    except (NatsError, TimeoutError):
        return False
    return bool(state.messages)


async def _take_some(subscription: JetStreamContext.PullSubscription, appender: Appender) -> None:
    """Fetch and append. Cancelled, it ends what was begun: what was fetched and not acknowledged would come again."""
    fetched: list[Msg] = []
    taking = asyncio.create_task(_fetch_and_append(subscription, appender, fetched))
    try:
        await asyncio.shield(taking)
    except asyncio.CancelledError:
        await asyncio.wait([taking], timeout=FETCHING_SECONDS)
        if fetched:
            await asyncio.wait([taking], timeout=ENDING_SECONDS)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        raise


async def _fetch_and_append(
    subscription: JetStreamContext.PullSubscription, appender: Appender, fetched: list[Msg]
) -> None:
    fetched += await subscription.fetch(FETCH, timeout=FETCH_SECONDS)
    await _append(appender, fetched)


async def _append(appender: Appender, messages: list[Msg]) -> None:
    """Append each and let go of it. One that cannot be appended stays, and keeps no other waiting."""
    ends = await asyncio.gather(*(_append_one(appender, message) for message in messages), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


async def _append_one(appender: Appender, message: Msg) -> None:
    try:
        await appender.append([from_json(message.data)])
    except Unavailable:
        # Otherwise it comes again only when the wait for its acknowledgement is over: an answer that is here must not
        # look missing meanwhile, and be paid for twice.
        await message.nak(delay=NAK_SECONDS)
        raise
    except Exception:
        sequence = message.metadata.sequence.stream
        logger.exception("a message of the inbox cannot be appended and stays", sequence=sequence)
        return
    await message.ack()
