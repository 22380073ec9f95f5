"""People who upload and launch without a pause, and the book they keep: what was acknowledged to them, and when.

Every command has an idempotency key and is repeated under it until it is acknowledged, as a good client does.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx

from cli.campaign import COMPANY, PERSON, STEPS
from simulator.sample_list import write_list

WORKSTREAM: Final = "apollo_scrape"
ROUND_SECONDS: Final = 30.0
# Answers get lost and calls refused all the time, so a step is tried often and soon again.
CONFIG: Final = {
    "timeout_seconds": 10,
    "max_attempts": 60,
    "retry_base_seconds": 0.2,
    "retry_longest_seconds": 2,
    "rate_per_second": 0,
    "in_flight": 32,
}


@dataclass(frozen=True)
class Launch:
    """An acknowledged launch: `rows` items were promised; `cancelled` when a cancellation was acknowledged too."""

    batch_id: str
    upload_id: str
    rows: int
    cancelled: bool = False


@dataclass
class Book:
    """What was acknowledged, by all people together. `failed_requests` counts the tries that were not."""

    uploads: dict[str, int] = field(default_factory=dict)
    launches: list[Launch] = field(default_factory=list)
    commands: int = 0
    failed_requests: int = 0


class Stopped(Exception):
    """The load ends; a command under way stays unacknowledged."""


@dataclass
class Load:
    """`people` lanes, each a client a round: register, configure, upload, launch, wait. `rate`: items a second, all."""

    urls: Mapping[str, str]
    webhooks: str
    folder: Path
    seed: int
    rows: int
    rate: float
    people: int = 2
    book: Book = field(default_factory=Book)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._lane, args=(n,), daemon=True) for n in range(self.people)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the command under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _lane(self, lane: int) -> None:
        number = 0
        with httpx.Client(timeout=15) as http:
            while not self._stop.is_set():
                number += 1
                began = time.monotonic()
                try:
                    self._round(http, lane, number)
                except Stopped:
                    return
                self._stop.wait(max(0.0, self.rows * self.people / self.rate - (time.monotonic() - began)))

    def _round(self, http: httpx.Client, lane: int, number: int) -> None:
        name = f"{lane}.{number}"
        chance = Random(f"{self.seed}/load/{name}")
        client = self._client(http, name)
        file = self.folder / f"people-{lane}.csv"
        write_list(file, self.rows, seed=chance.randrange(2**31))
        upload = self._command(
            http, "POST", f"/v1/clients/{client}/uploads", name, content=file.read_bytes(),
            params={"workstream": WORKSTREAM, "filename": f"{name}.csv"},
        )  # fmt: skip
        upload_id = upload["upload_id"]
        body = {"upload_id": upload_id, "steps": list(STEPS)}
        batch_id = self._command(http, "POST", "/v1/batches", name, json=body)["batch_id"]
        cancelled = self._meddle(http, name, batch_id, chance)
        with self._lock:
            self.book.uploads[upload_id] = self.rows
            self.book.launches.append(Launch(batch_id, upload_id, self.rows, cancelled))
        self._wait(http, batch_id)

    def _client(self, http: httpx.Client, name: str) -> str:
        client = str(self._command(http, "POST", "/v1/clients", name, json={"name": f"client {name}"})["client_id"])
        for workflow, kind in ((COMPANY, "company"), (PERSON, "person")):
            # Of its own: what a webhook takes in its life (50,000) is not much for a long run.
            config = {"webhook_url": f"{self.webhooks}/{name}/{kind}", **CONFIG}
            body = {"workstream": WORKSTREAM, "config": config}
            self._command(http, "PUT", f"/v1/clients/{client}/configs/{workflow}", f"{name}/{workflow}", json=body)
        return client

    def _meddle(self, http: httpx.Client, name: str, batch_id: str, chance: Random) -> bool:
        """Of some batches a person thinks again: pauses and resumes, or cancels. Whether it was cancelled."""
        what = chance.choices(("nothing", "pause", "cancel"), (8, 1, 1))[0]
        pause = chance.uniform(0.1, 2.0)
        if what == "nothing":
            return False
        self._stop.wait(pause)
        for action in ("pause", "resume") if what == "pause" else ("cancel",):
            self._command(http, "POST", f"/v1/batches/{batch_id}/{action}", f"{name}/{action}")
        return what == "cancel"

    def _wait(self, http: httpx.Client, batch_id: str) -> None:
        """Until the batch has ended; not for ever: meanwhile others come with their lists."""
        deadline = time.monotonic() + ROUND_SECONDS
        while time.monotonic() < deadline and not self._stop.wait(0.25):
            try:
                answer = http.get(f"{self.urls['sequencer']}/v1/batches/{batch_id}")
            except httpx.HTTPError:
                continue
            if answer.is_success and answer.json()["status"] in {"completed", "cancelled"}:
                return

    def _command(self, http: httpx.Client, method: str, path: str, key: str, **request: Any) -> dict[str, Any]:
        """Ask until it is acknowledged. 404 and 409 too: what was just made may not be visible yet.

        A batch that has ended meanwhile is not paused, nor resumed.
        """
        while True:
            try:
                answer = http.request(
                    method, self.urls["ingest"] + path, headers={"idempotency-key": f"{self.seed}/{key}"}, **request
                )
                if answer.is_success:
                    with self._lock:
                        self.book.commands += 1
                    return dict(answer.json())
                if answer.status_code == 409 and answer.json()["error"]["code"] == "batch_ended":
                    return {}
                if answer.status_code == 422:
                    raise AssertionError(f"{method} {path}: {answer.text[:500]}")
            except httpx.HTTPError:
                pass
            with self._lock:
                self.book.failed_requests += 1
            if self._stop.wait(0.2):
                raise Stopped
