"""Given these events, when that one comes, then exactly these payloads follow: pure functions, run."""

from collections.abc import Callable, Iterable
from typing import Any

from shared.envelope import Emit, Event, caused
from shared.ids import named_id

ACTOR = named_id("actor", "specification")


class Specification:
    """One service's state, kept in memory, and what followed from the last `when`."""

    def __init__(
        self,
        state: Any,
        evolve: Callable[[Any, Event], None],
        decide: Callable[[Any, Event], Iterable[Emit]],
    ) -> None:
        self.state, self._evolve, self._decide = state, evolve, decide
        self.following: list[Event] = []

    def given(self, *events: Event) -> "Specification":
        self.when(*events)
        self.following = []
        return self

    def when(self, *events: Event) -> "Specification":
        self.following = [follower for event in events for follower in self.fold(event)]
        return self

    def then(self, *payloads: object) -> "Specification":
        said = [event.payload for event in self.following]
        assert said == list(payloads), f"what followed: {said}"
        return self

    def fold(self, event: Event) -> list[Event]:
        """Fold one event; what follows from it, as the log would take it."""
        self._evolve(self.state, event)
        emits = self._decide(self.state, event)
        return [caused(emit.cause or event, emit, now=event.occurred_at, actor=ACTOR) for emit in emits]
