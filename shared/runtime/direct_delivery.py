"""Messages of one subscription handed over as they are parsed: no headers read, no queue, no task in between.

nats-py parses the headers of every message, puts it into the subscription's queue and wakes a task for it: two thirds
of what reading the log cost. A reader of the log needs the reply subject and the body only. What has no JetStream
reply subject, such as the server's word on a request, goes nats-py's way. tests/contract holds this against the pinned
version.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from nats.aio.client import Client
from nats.aio.subscription import Subscription

Take = Callable[[bytes, bytes], None]
REPLY: Final = b"$JS.ACK."


class Express:
    """The subscriptions of one client that are delivered directly, by their numbers."""

    def __init__(self, client: Client) -> None:
        self.takers: dict[int, Take] = {}
        self._other = client._process_msg
        client._process_msg = self.process  # type: ignore[method-assign]

    async def process(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        """What nats-py's parser calls with each message."""
        take = self.takers.get(sid)
        if take is not None and reply.startswith(REPLY):
            take(reply, data)
        else:
            await self._other(sid, subject, reply, data, headers)


def deliver(client: Client, subscription: Subscription, take: Take) -> Callable[[], object]:
    """Hand each message's reply subject and body to `take`; the function that comes back ends that."""
    process = client._process_msg
    express = getattr(process, "__self__", None)
    if not isinstance(express, Express):
        express = Express(client)
    number = subscription._id
    express.takers[number] = take
    return partial(express.takers.pop, number, None)
