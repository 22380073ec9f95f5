"""Direct delivery against the pinned nats-py: the log's messages go around its queue, everything else through it."""

import asyncio

import pytest
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.runtime.direct_delivery import Express, deliver
from tests.integration.log_harness import on_nats
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
REPLY = "$JS.ACK.EVENTS.c.1.7.7.1.0"


def sent(subscription: Subscription, body: bytes, reply: str = "") -> bytes:
    """A message as the server sends it; no client may publish with a reply subject of JetStream's."""
    headers = b"NATS/1.0\r\nNats-Msg-Id: 1\r\n\r\n"
    sizes = f"{len(headers)} {len(headers) + len(body)}"
    line = f"HMSG {subscription.subject} {subscription._id} {reply + ' ' if reply else ''}{sizes}"
    return line.encode() + b"\r\n" + headers + body + b"\r\n"


async def test_what_has_a_jetstream_reply_is_delivered_directly_and_the_rest_as_ever(servers: Servers) -> None:
    taken: list[tuple[bytes, bytes]] = []
    queued: list[bytes] = []

    async def queue(message: Msg) -> None:
        queued.append(message.data)

    async with on_nats(servers.nats_url("service")) as client:
        ours, other = [await client.subscribe(client.new_inbox(), cb=queue) for _ in range(2)]
        leave_off = deliver(client, ours, lambda reply, body: taken.append((reply, body)))
        await client._ps.parse(sent(ours, b"event", REPLY) + sent(ours, b"status") + sent(other, b"another's", REPLY))
        await asyncio.sleep(0.01)
        assert taken == [(REPLY.encode(), b"event")]
        assert queued == [b"status", b"another's"]
        leave_off()
        await client._ps.parse(sent(ours, b"late", REPLY))
        await asyncio.sleep(0.01)
        assert (len(taken), queued[-1]) == (1, b"late")


async def test_two_readers_of_one_client_share_one_way(servers: Servers) -> None:
    async with on_nats(servers.nats_url("service")) as client:
        subscriptions = [await client.subscribe(client.new_inbox()) for _ in range(2)]
        for subscription in subscriptions:
            deliver(client, subscription, lambda reply, body: None)
        express = client._process_msg.__self__  # type: ignore[attr-defined]
        assert isinstance(express, Express)
        assert len(express.takers) == 2
