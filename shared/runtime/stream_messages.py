"""Messages of the stream by their sequence, straight from its store: no consumer, any number in one request."""

import asyncio
from typing import Final

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.subjects import STREAM

SUBJECT: Final = f"$JS.API.DIRECT.GET.{STREAM}"
SECONDS: Final = 5.0
MAX_BYTES: Final = 8 * 1024 * 1024


async def messages(client: Client, first: int, last: int) -> dict[int, bytes]:
    """The messages with these sequences that the stream can give, by sequence. Raises TimeoutError.

    Any number may be asked for; the server ends an answer that grows too large, and the rest is asked for again.
    """
    found: dict[int, bytes] = {}
    while first <= last:
        some = await beginning(client, first, last)
        if not some:
            break
        found |= {sequence: body for sequence, body in some.items() if sequence <= last}
        first = max(some) + 1
    return found


async def beginning(client: Client, first: int, last: int) -> dict[int, bytes]:
    """The first of these messages: as many as the server gives at once, some more than MAX_BYTES at most.

    Where messages are missing, ones after `last` may be among them. Raises TimeoutError.
    """
    inbox = client.new_inbox()
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    subscription = await client.subscribe(inbox, cb=arrived.put, pending_msgs_limit=-1, pending_bytes_limit=-1)
    request = orjson.dumps({"seq": first, "batch": last - first + 1, "max_bytes": MAX_BYTES})
    found: dict[int, bytes] = {}
    try:
        await client.publish(SUBJECT, request, reply=inbox)
        async with asyncio.timeout(SECONDS):
            while True:
                message = await arrived.get()
                headers = message.headers or {}
                if "Nats-Sequence" not in headers:
                    return found
                found[int(headers["Nats-Sequence"])] = message.data
    finally:
        await subscription.unsubscribe()
