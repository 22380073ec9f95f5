"""One run of the simulated Clay: takes submissions, draws what becomes of them, has them answered.

A submission is written down before it is replied to, and its ledger entry ends in exactly one outcome.
Starting over is a new run; what the old one still had to send is dropped.
"""

import hmac
import math
import time
from typing import NamedTuple

from simulator.answers import answers_for, body
from simulator.callbacks import Callback, CallbackSender, can_be_retried
from simulator.fate import Dice, Fate, TokenBucket
from simulator.ledger import Entry, Ledger, Outcome
from simulator.settings import SimulatorSettings
from simulator.submission import Submission
from simulator.wire import Poster


class Reply(NamedTuple):
    """What a webhook says: an HTTP status, and for 429 the seconds of `Retry-After`."""

    status: int
    retry_after: int = 0


class Clay:
    """The state of one run."""

    def __init__(self, settings: SimulatorSettings, poster: Poster) -> None:
        self.ledger = Ledger()
        self.settings = settings
        self._answers = answers_for(settings)
        self._dice = Dice(settings.seed)
        self._bucket = TokenBucket(settings.rate_per_second, settings.burst)
        self._sender = CallbackSender(settings, poster, self._retried, self._ended)

    async def close(self) -> None:
        """End the run."""
        await self._sender.close()

    def configure(self, settings: SimulatorSettings) -> None:
        """Use other settings for the submissions that come; a new seed starts the draws over."""
        old, self.settings = self.settings, settings
        self._sender.knobs = settings
        if settings.as_of != old.as_of:
            self._answers = answers_for(settings)
        if settings.seed != old.seed:
            self._dice = Dice(settings.seed)
        if (settings.rate_per_second, settings.burst) != (old.rate_per_second, old.burst):
            self._bucket = TokenBucket(settings.rate_per_second, settings.burst)

    def knows(self, secret: str) -> bool:
        """Whether a POST with this `x-clay-webhook-auth` is let in."""
        wanted = self.settings.webhook_auth
        return wanted is None or hmac.compare_digest(secret.encode(), wanted.get_secret_value().encode())

    def take(self, asked: Submission, idempotency_key: str | None) -> Reply:
        """Accept or refuse a submission; an accepted one is answered later, or never."""
        fate = self._dice.roll(self.settings)
        if wait := self._bucket.wait(time.monotonic()):
            self.ledger.record(asked, idempotency_key, "refused_429")
            return Reply(429, math.ceil(wait))
        if fate.refusal:
            too_many = fate.refusal == 429
            self.ledger.record(asked, idempotency_key, "refused_429" if too_many else "refused_5xx")
            return Reply(fate.refusal, 1 if too_many else 0)
        entry = self.ledger.record(asked, idempotency_key, self._outcome(asked, fate))
        if entry.outcome == "pending":
            self._answer(asked, entry, fate)
        return Reply(200)

    def _outcome(self, asked: Submission, fate: Fate) -> Outcome:
        # Clay goes on saying 200 to a webhook that has taken all it takes.
        if self.ledger.accepted(asked.path) >= self.settings.submission_limit:
            return "over_limit"
        if not asked.text("callback_url"):
            return "no_callback_url"
        return "lost" if fate.lost else "pending"

    def _answer(self, asked: Submission, entry: Entry, fate: Fate) -> None:
        shapes = self.settings.shapes
        flat = shapes == "flat" or (shapes == "mixed" and entry.seq % 2 == 0)
        answer = body(asked, self._answers.payload(asked), flat)
        if fate.malformed:
            answer = answer[: len(answer) // 2]  # half of a JSON object is never JSON
        url = asked.text("callback_url")
        for delay in fate.delays:
            self._sender.send(Callback(url, answer, fate.malformed, entry), delay)

    def _retried(self, callback: Callback) -> None:
        self.ledger.count(callback.entry, "callbacks_retried")

    def _ended(self, callback: Callback, status: int) -> None:
        entry = callback.entry
        if 200 <= status < 300:
            self.ledger.accept(entry)
        if callback.malformed and not can_be_retried(status):
            self.ledger.settle(entry, "malformed")  # a receiver does well to refuse it
        elif 200 <= status < 300:
            self._delivered(entry)
        else:
            self.ledger.count(entry, "callbacks_failed")
            if entry.outcome == "pending":
                self.ledger.settle(entry, "callback_failed")

    def _delivered(self, entry: Entry) -> None:
        if entry.outcome == "answered":
            self.ledger.count(entry, "duplicates")
        else:
            self.ledger.settle(entry, "answered")
