"""Which events one service went on without, and what waits behind them. Pure.

An event that cannot be handled is left out where it stands, and every later event about its subject waits: an item's
events are never taken out of order. Retried, the event is taken at the retry's place in the log, then what waited;
resolved, only what waited. No event about another subject waits. What settles a letter settles that one and none that
came of a retry since. All of it follows from the log: live and in replay, the same events are folded in the same order.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from shared.envelope import Emit, Event, caused, from_json
from shared.events import DeadLetterResolved, DeadLetterRetried, EventDeadLettered
from shared.record import record

SETTLING: Final = ("DeadLetterRetried", "DeadLetterResolved")
_SETTLING: Final = {DeadLetterRetried, DeadLetterResolved}
Settling = DeadLetterRetried | DeadLetterResolved


def subject_of(event: Event) -> str:
    """What an event is about, for order: its item, else its batch, else what it names next."""
    return event.item_id or event.batch_id or event.entity_id or event.client_id or event.tenant_id


def settling(letter: Event, payload: Settling, now: datetime, actor: str) -> Event:
    """The event that settles a letter: said again of the same letter it is the same event."""
    return caused(letter, Emit(payload, item_id=letter.item_id, entity_id=letter.entity_id), now=now, actor=actor)


def settles(settlement: Event) -> str | None:
    """The id of the letter that an event settles."""
    return settlement.causation_id


@record
class Released:
    """Events that may be taken now: those about `subject` with first <= position < limit that `Letters.takes`."""

    subject: str
    first: int
    limit: int


class Letters:
    """The dead letters of one service, as they stand at the position it has reached."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.open: dict[int, Event] = {}
        self.held: dict[str, set[int]] = {}
        self._failed: dict[int, dict[int, Event]] = {}
        self._settled: dict[int, Event] = {}
        self._resolved: set[int] = set()
        self._reached = 0

    def learn(self, letter: Event) -> None:
        """Know of a letter, of what has been read or of what is still to come."""
        payload: EventDeadLettered = letter.payload
        self._failed.setdefault(payload.tried_at or payload.position, {})[payload.position] = letter

    def knows(self, tried_at: int, position: int) -> bool:
        """Whether the event at `position` is known to fail when it is tried at `tried_at`."""
        return position in self._failed.get(tried_at, ())

    def tries(self, position: int) -> int:
        """How often the event at `position` was tried so far."""
        return self.open[position].payload.attempts if position in self.open else 0

    @property
    def undecided(self) -> int:
        """How many letters wait for a person."""
        return sum(letter.payload.retry_at is None for letter in self.open.values())

    def due(self, now: datetime) -> list[Event]:
        """The letters whose time to be tried again has come, in the order of their events."""
        return [e for _, e in sorted(self.open.items()) if e.payload.retry_at and e.payload.retry_at <= now]

    def leaves_out(self, position: int) -> bool:
        """Whether the event at `position` itself is set aside, for now or for good."""
        return position in self.open or position in self._resolved

    def takes(self, event: Event) -> bool:
        """Whether an event is taken when its turn comes: nothing about its item or its item's batch is open before."""
        if self.leaves_out(event.position):
            return False
        subjects = (subject_of(event), event.batch_id or "")
        return all(min(self.held[subject]) > event.position for subject in subjects if subject in self.held)

    def steps(self, messages: Sequence[tuple[int, bytes]]) -> Iterator[list[Event] | Released]:
        """What to fold for these messages, in order. Raises UnreadableEvent."""
        run: list[Event] = []
        for position, body in messages:
            if position in self._failed and position in self._failed[position]:
                self._leave_out(position, position)
                continue
            event = from_json(body, position)
            if type(event.payload) in _SETTLING:
                if event.payload.service == self.service and (released := self._settle(position, event)):
                    if run:
                        yield run
                        run = []
                    yield released
            elif not self.held or self.takes(event):
                run.append(event)
        if run:
            yield run

    def rewind(self, position: int) -> None:
        """Stand at `position` again, after what was read beyond it came to nothing."""
        if self._reached > position:
            self.stand(position, self._settled)

    def stand(self, position: int, settled: Mapping[int, Event]) -> None:
        """Stand at `position`; `settled`: by position, what settled a letter up to there."""
        known = {at: settlement for at, settlement in settled.items() if at <= position}
        self.open, self.held, self._settled, self._resolved, self._reached = {}, {}, {}, set(), 0
        for at in sorted({*known, *(at for at, letters in self._failed.items() if at in letters and at <= position)}):
            if at in known:
                self._settle(at, known[at])
            else:
                self._leave_out(at, at)

    def _leave_out(self, position: int, at: int) -> None:
        letter = self._failed[at][position]
        self.open[position] = letter
        if letter.payload.tried_at:
            self.held.setdefault(subject_of(letter), set()).add(position)
        self._reached = max(self._reached, at)

    def _settle(self, at: int, settlement: Event) -> Released | None:
        self._settled[at], self._reached = settlement, max(self._reached, at)
        payload: Settling = settlement.payload
        letter = self.open.get(payload.position)
        if letter is None or letter.id != settles(settlement):
            return None
        del self.open[payload.position]
        if isinstance(payload, DeadLetterResolved):
            self._resolved.add(payload.position)
        subject = subject_of(letter)
        positions = self.held.get(subject, set())
        positions.discard(payload.position)
        if not positions:
            self.held.pop(subject, None)
        for position in self._failed.get(at, ()):
            self._leave_out(position, at)
        return Released(subject, payload.position, at if letter.payload.tried_at else payload.position + 1)
