"""Following a push of leads to a webhook until it ends."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from cli.errors import Refused
from cli.output import moment

if TYPE_CHECKING:
    from cli.api import Api

EVERY_SECONDS: Final = 0.5
Push = dict[str, Any]


def follow(api: "Api", push_id: str, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep) -> Push:
    """The push as it completed, what changes on the way told. Raises Refused where it failed or was cancelled."""
    said = ""
    while True:
        push: Push = api.read("projector", f"/v1/pushes/{push_id}")
        if push["status"] == "completed":
            return push
        if push["status"] != "running":
            again = f"; `leadstream pushes resume {push_id}` goes on there" if push["status"] == "failed" else ""
            why = f": {push['reason']}" if push["reason"] else ""
            raise Refused(f"the webhook has taken {push['leads']} leads, and the push {push['status']}{why}{again}")
        if (line := standing(push)) != said:
            tell(said := line)
        sleep(EVERY_SECONDS)


def standing(push: Push) -> str:
    """One line: how many leads were taken, and what it waits for."""
    taken = f"{push['leads']} leads taken"
    if push["reason"] and push["status"] == "running":
        return f"{taken}; {push['reason']}, again at {moment(push['due_at'])}"
    return taken
