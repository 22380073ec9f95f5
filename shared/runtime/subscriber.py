"""The one part of FastStream that is ours: a subscriber that reads the log in order, from a checkpoint, in batches.

FastStream's own batch pull waits out its timeout and acknowledges message by message; the log needs neither. This
subclass keeps everything else of the framework: the handler, its middlewares, its documented channels (one for each
event type). tests/contract holds it against the pinned version.
"""

import asyncio
from typing import Any, Final, cast

import structlog
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.message import StreamMessage
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.broker.registrator import NatsRegistrator
from faststream.nats.configs import NatsBrokerConfig
from faststream.nats.subscriber.config import NatsSubscriberConfig, NatsSubscriberSpecificationConfig
from faststream.nats.subscriber.specification import NatsSubscriberSpecification
from faststream.nats.subscriber.usecases import BatchPullStreamSubscriber
from nats.js.api import ConsumerConfig

from shared.runtime.follower import Follower
from shared.runtime.log import Message
from shared.subjects import STREAM, filters

STOP_SECONDS: Final = 5.0
logger = structlog.get_logger()


class LogSubscriber(BatchPullStreamSubscriber):
    """Delivers lists of (position, body). A handler that raises ends the follower's term, which starts anew."""

    follower: Follower

    async def _create_subscription(self) -> None:
        if not self.tasks:
            self.add_task(self._follow, restart_on_failure=False)

    async def stop(self) -> None:
        """End the term while NATS is still connected, so that consumer and lease are given back at once.

        The framework lets the batch that was begun come to its end first.
        """
        tasks = list(self.tasks)
        await super().stop()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)

    async def _follow(self) -> None:
        try:
            await self.follower.run(self.connection, self._deliver)
        except Exception:
            logger.exception("the service cannot go on")
            raise SystemExit(1) from None

    async def _deliver(self, messages: list[Message]) -> object:
        return await self.process_message(cast("Any", messages))


def subscribe(broker: NatsBroker, follower: Follower) -> LogSubscriber:
    """A subscriber of the broker for everything the follower's service consumes."""
    outer = cast("NatsBrokerConfig", broker.config)
    consumer = ConsumerConfig(filter_subjects=filters(follower.definition.reads))
    calls: CallsCollection[Any] = CallsCollection()
    config = NatsSubscriberConfig(
        subject="",
        sub_config=consumer,
        extra_options={},
        no_reply=True,
        _outer_config=outer,
        _ack_policy=AckPolicy.MANUAL,
    )
    documented = NatsSubscriberSpecificationConfig(
        subject="",
        queue=None,
        filter_subjects=list(consumer.filter_subjects or ()),
        title_=None,
        description_=None,
        include_in_schema=True,
    )
    subscriber = LogSubscriber(
        config,
        NatsSubscriberSpecification(_outer_config=outer, calls=calls, specification_config=documented),
        calls,
        stream=JStream(STREAM, declare=False),
        pull_sub=PullSub(batch=True),
    )
    subscriber._parser = _parse
    subscriber._decoder = _decode
    subscriber.follower = follower
    super(NatsRegistrator, broker).subscriber(subscriber, persistent=True)
    return subscriber


async def _parse(messages: list[Message]) -> StreamMessage[Any]:
    """A batch is one message to the framework; its bodies stay bytes until the machine reads them."""
    return StreamMessage(raw_message=messages, body=b"", message_id=str(messages[0][0]))


async def _decode(message: StreamMessage[Any]) -> Any:
    return message.raw_message
