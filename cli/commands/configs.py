"""`leadstream config`: a client's settings for each workflow."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.errors import Refused
from cli.lookups import client_id_of
from cli.options import DEFAULT_WORKSTREAM, AsJson, AtPosition, ClientName, InWorkstream, Workflow
from cli.output import show_line, show_rows
from cli.settings import assignments, from_file, merged

Named = Annotated[str, typer.Option("--name", help="Which of several configurations of a workflow.")]

app = typer.Typer(no_args_is_help=True, help="A client's settings for each workflow.")


@app.command("set")
def change(
    client: ClientName,
    workflow: Workflow,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    webhook_url: Annotated[str | None, typer.Option(help="Where ASYNC steps are sent.")] = None,
    pairs: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting.")] = None,
    unset: Annotated[list[str] | None, typer.Option(metavar="KEY", help="A setting to take away.")] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A JSON object of settings.")] = None,
    name: Named = "default",
    as_json: AsJson = False,
) -> None:
    """Change a client's settings for a workflow; settings that are not named stay. `workflow show` lists what there is.

    Example: leadstream config set Acme enrich_email --webhook-url https://clay.example/1 --set max_attempts=3
    """
    from cli.api import open_api

    given = {"webhook_url": webhook_url} if webhook_url is not None else {}
    changes = (from_file(file) if file else {}, given, assignments(pairs or ()))
    with open_api() as api:
        client_id = client_id_of(api, client)
        known = api.read("ingest", f"/v1/clients/{client_id}/configs")
        config = merged(_current(known, workflow, workstream, name), *changes, without=unset or ())
        path = f"/v1/clients/{client_id}/configs/{workflow}"
        answer = api.command(path, {"workstream": workstream, "config": config, "name": name}, method="PUT")
    set_now = ", ".join(sorted(answer["config"])) or "no settings"
    show_line(answer, f"{workflow} of {client}: {set_now}", as_json)


@app.command("get")
def get(
    client: ClientName,
    workflow: Annotated[str | None, typer.Argument(help="Only this workflow.")] = None,
    workstream: Annotated[str | None, typer.Option("--workstream", "-w", help="Only this kind of input.")] = None,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Show a client's settings. Secrets are kept as digests or by name, and show as such.

    Example: leadstream config get Acme enrich_email
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        found = _of(api.read("ingest", f"/v1/clients/{client_id_of(api, client)}/configs"), workflow, workstream)
        named = [repr(each) for each in (workflow, workstream) if each is not None]
        if named and not (found or _of(api.read("ingest", "/v1/workflows"), workflow, workstream)):
            raise Refused(f"no workflow of {' for '.join(named)}; `leadstream workflow list` shows those there are")
    columns = {"workstream": "Workstream", "workflow": "Workflow", "name": "Name", "config": "Settings"}
    show_rows(found, columns, "nothing is set; `leadstream config set` does it", as_json)


@app.command()
def remove(
    client: ClientName,
    workflow: Workflow,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    name: Named = "default",
    as_json: AsJson = False,
) -> None:
    """Take a client's settings for a workflow away: its steps fail then, before anything is sent.

    Example: leadstream config remove Acme enrich_email --name "second table"
    """
    from cli.api import open_api

    with open_api() as api:
        path = f"/v1/clients/{client_id_of(api, client)}/configs/{workflow}"
        answer = api.command(path, method="DELETE", workstream=workstream, name=name)
    show_line(answer, f"{workflow} of {client}: configuration {name!r} is removed", as_json)


def _of(rows: list[dict[str, Any]], workflow: str | None, workstream: str | None) -> list[dict[str, Any]]:
    return [row for row in rows if workflow in (None, row["workflow"]) and workstream in (None, row["workstream"])]


def _current(known: list[dict[str, Any]], workflow: str, workstream: str, name: str) -> dict[str, Any]:
    for entry in known:
        if (entry["workflow"], entry["workstream"], entry["name"]) == (workflow, workstream, name):
            return dict(entry["config"])
    return {}
