"""`leadstream client`: the customers of the agency."""

from typing import Annotated

import typer

from cli.errors import Misused, Refused
from cli.lookups import client_id_of
from cli.options import AsJson, AtPosition, ClientName
from cli.output import show_line, show_rows

app = typer.Typer(no_args_is_help=True, help="The customers of the agency.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How the client is called.")],
    domain: Annotated[str | None, typer.Option(help="The client's own domain.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Even if there is a client of this name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a client.

    Example: leadstream client add "Acme Ltd" --domain acme.com
    """
    from cli.api import open_api

    with open_api() as api:
        try:
            answer = api.command("/v1/clients", {"name": name, "domain": domain, "again": again})
        except Refused as refused:
            if refused.code != "client_exists":
                raise
            raise Refused(str(refused).replace("`again`", "--again")) from None
    show_line(answer, answer["client_id"], as_json)


@app.command()
def budget(
    client: ClientName,
    max_credits: Annotated[float | None, typer.Option(min=0, help="What all calls may cost together.")] = None,
    unlimited: Annotated[bool, typer.Option("--unlimited", help="As much as they do.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what all calls for a client may cost together: a batch whose next call would cost more is paused.

    Example: leadstream client budget Acme --max-credits 5000
    """
    from cli.api import open_api

    if unlimited == (max_credits is not None):
        raise Misused("client budget takes either --max-credits N or --unlimited: give one of the two")
    with open_api() as api:
        path = f"/v1/clients/{client_id_of(api, client)}/budget"
        answer = api.command(path, {"max_credits": max_credits}, method="PUT")
    most = "as much as it does" if unlimited else f"{max_credits:g} credits in all"
    show_line(answer, f"{client} may spend {most}", as_json)


@app.command("list")
def listing(as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List the clients.

    Example: leadstream client list
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        clients = api.read("ingest", "/v1/clients")
    columns = {"client_id": "Client", "name": "Name", "domain": "Domain"}
    show_rows(clients, columns, "no clients yet; add one with `leadstream client add NAME`", as_json)
