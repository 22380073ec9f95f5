"""`leadstream pushes`: leads on their way to webhooks. `leadstream leads push` starts one."""

from typing import Annotated, Final, Literal

import typer

from cli.lookups import checked_id
from cli.options import AsJson, AtPosition
from cli.output import moment, note, show_json, show_line, show_rows
from cli.pushing import follow, standing

app = typer.Typer(no_args_is_help=True, help="Leads on their way to webhooks; `leads push` starts a push.")
Named = Annotated[str, typer.Argument(metavar="PUSH", help="Its id; `leadstream pushes list` shows those there are.")]
COLUMNS: Final = {
    "push_id": "Push", "status": "Status", "leads": "Leads taken", "webhook_url": "To", "requested_at": "Asked (UTC)",
    "due_at": "Next (UTC)", "reason": "Reason",
}  # fmt: skip
PAGE: Final = 1000
PushStatus = Literal["running", "completed", "failed", "cancelled"]


@app.command("list")
def listing(
    status: Annotated[PushStatus | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List pushes, the newest first.

    Example: leadstream pushes list --status failed
    """
    from cli.api import listed, open_api

    with open_api(at_position) as api:
        found, _ = api.pages("projector", "/v1/pushes", listed("push_id"), PAGE, limit, status=status)
    rows = (
        row | {"requested_at": moment(row["requested_at"]), "due_at": moment(row["due_at"] if _waits(row) else None)}
        for row in found
    )
    show_rows(found, COLUMNS, "no pushes", as_json, rows)


@app.command()
def show(push: Named, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """Say how a push stands.

    Example: leadstream pushes show push_01...
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        found = api.read("projector", f"/v1/pushes/{checked_id('push', push)}")
    why = f": {found['reason']}" if found["status"] == "failed" else ""
    show_line(found, f"{found['push_id']} {found['status']}, {standing(found)}{why}", as_json)


@app.command()
def resume(push: Named, as_json: AsJson = False) -> None:
    """Let a push that failed go on with the parcel it failed at, and follow it until it ends.

    Example: leadstream pushes resume push_01...
    """
    from cli.api import open_api

    with open_api() as api:
        api.tell("projector", f"/v1/pushes/{checked_id('push', push)}/resume")
        found = follow(api, push, note)
    return show_json(found) if as_json else note(f"{found['leads']} leads were taken")


@app.command()
def cancel(push: Named, as_json: AsJson = False) -> None:
    """Send nothing more of a push; what was taken stays taken.

    Example: leadstream pushes cancel push_01...
    """
    from cli.api import open_api

    with open_api() as api:
        told = api.tell("projector", f"/v1/pushes/{checked_id('push', push)}/cancel")
    show_line(told, f"{push} is cancelled", as_json)


def _waits(push: dict[str, object]) -> bool:
    return push["status"] == "running" and bool(push["reason"])
