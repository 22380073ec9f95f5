"""What was there once is there again: old events and answers, and a second relay beside the first."""

import asyncio
import threading
import time
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

import httpx

from chaos.faults import NotSeen, Scene, tail
from chaos.streams import AWAY, on_nats, patiently
from shared.envelope import Event, from_json, to_json
from shared.runtime import relay
from shared.runtime.database import connect
from shared.subjects import INBOX_STREAM, INBOX_SUBJECT
from shared.tokens import CallbackToken, sign


@dataclass(frozen=True)
class OldEvents:
    """Answers recorded long ago come again: from the inbox under their own id, from the provider as new ones."""

    kind: ClassVar[str] = "old events again"
    touches: ClassVar[tuple[str, ...]] = ("nats",)
    where: float
    count: int

    def strike(self, scene: Scene) -> str:
        scene.until(lambda: bool(self._old(scene)), "answers in the log")
        old = self._old(scene)
        last = patiently(lambda: self._publish(scene, old))
        scene.until(lambda: patiently(lambda: self._taken(scene, last)), "the old events taken from the inbox")
        again = sum(self._posted(scene, event) for event in old)
        if not again:
            raise NotSeen("no old answer was taken again")
        return f"{len(old)} old events through the inbox, {again} old answers POSTed again"

    def _old(self, scene: Scene) -> list[Event]:
        start = int(self.where * scene.head())
        query = (
            "SELECT body FROM log.events WHERE position > %s AND type = 'EnrichmentReceived' AND item_id IS NOT NULL"
            " ORDER BY position LIMIT %s"
        )
        rows = scene.rows(query, start, self.count)
        return [event for (body,) in rows if (event := from_json(body)).payload.dispatch_id]

    async def _publish(self, scene: Scene, old: list[Event]) -> int:
        """The inbox's number of the last one."""
        async with on_nats(scene, "callbacks") as client:
            stream = client.jetstream(timeout=10)
            return max([(await stream.publish(INBOX_SUBJECT, to_json(event))).seq for event in old])

    async def _taken(self, scene: Scene, last: int) -> bool:
        async with on_nats(scene, "provision") as client:
            state = (await client.jetstream().stream_info(INBOX_STREAM)).state
            return state.messages == 0 or state.first_seq > last

    def _posted(self, scene: Scene, event: Event) -> bool:
        token = CallbackToken(
            event.payload.dispatch_id, event.tenant_id, str(event.client_id), str(event.batch_id), str(event.item_id),
            str(event.entity_id), event.payload.workflow, int(time.time()) + 3600,
        )  # fmt: skip
        path = f"/v1/callbacks/{quote(sign(token, scene.stack.identity.signing_key))}"
        try:
            answer = httpx.post(scene.stack.urls["callbacks"] + path, json={"again": True}, timeout=15)
        except httpx.HTTPError:
            return False
        return answer.status_code == 202


@dataclass(frozen=True)
class TwoRelays:
    """A second relay that leads without having asked: both copy at once."""

    kind: ClassVar[str] = "two relays"
    touches: ClassVar[tuple[str, ...]] = ("relay",)
    seconds: float

    def strike(self, scene: Scene) -> str:
        made = {"refused": 0}
        stop = threading.Event()
        second = threading.Thread(target=lambda: asyncio.run(self._copy(scene, stop, made)))
        log = scene.stack.folder / "logs" / "relay.log"
        size = log.stat().st_size
        second.start()
        try:
            time.sleep(self.seconds)
            scene.until(lambda: made["refused"] + tail(log, size).count(b"Refused") > 0, "a refused batch")
        finally:
            stop.set()
            second.join()
        refused = tail(log, size).count(b"Refused")
        return f"{made['refused']} batches of the second and {refused} of the first relay refused by the stream"

    async def _copy(self, scene: Scene, stop: threading.Event, made: dict[str, int]) -> None:
        while not stop.is_set():
            try:
                await self._term(scene, stop)
            except relay.Refused:
                made["refused"] += 1
            except AWAY:
                await asyncio.sleep(0.1)

    async def _term(self, scene: Scene, stop: threading.Event) -> None:
        url = scene.stack.database_url("relay")
        async with (
            await connect(url, name="second relay", autocommit=True) as database,
            on_nats(scene, "relay") as nats,
        ):
            ending = asyncio.Event()
            waiting = asyncio.create_task(_set_after(stop, ending))
            try:
                await relay.copy(database, nats, ending)
            finally:
                waiting.cancel()


async def _set_after(stop: threading.Event, ending: asyncio.Event) -> None:
    await asyncio.to_thread(stop.wait)
    ending.set()
