"""A command as somebody gave it, and the ids and events that it makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.envelope import Event, stated
from shared.events import event_type
from shared.ids import named_id, new_id
from shared.runtime import clock
from shared.runtime.http import Caller


@dataclass(frozen=True)
class Command:
    """Who asks, and under which key; without a key every command is a new one."""

    caller: Caller
    key: str | None = None

    @property
    def tenant_id(self) -> str:
        return self.caller.tenant_id

    def make_id(self, prefix: str, *names: str) -> str:
        """The id of what the command makes: the same for the same key."""
        return named_id(prefix, self.tenant_id, self.key, *names) if self.key else new_id(prefix)

    def event_id(self, payload: Any, about: Mapping[str, str | None]) -> str:
        """The id of its event: the same for the same command under the same key."""
        return self.make_id("evt", event_type(type(payload)).name, *[name for name in about.values() if name])

    def event(self, payload: Any, event_id: str, **about: str | None) -> Event:
        """The event that says `payload`, now."""
        caller, now = self.caller, clock.now()
        return stated(payload, event_id=event_id, tenant_id=caller.tenant_id, now=now, actor=caller.actor, **about)
