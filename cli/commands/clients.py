"""`leadstream client`: the customers of the agency."""

from typing import Annotated

import typer

from cli.options import AsJson, AtPosition

app = typer.Typer(no_args_is_help=True, help="The customers of the agency.")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="How the client is called.")],
    domain: Annotated[str | None, typer.Option(help="The client's own domain.")] = None,
    as_json: AsJson = False,
) -> None:
    """Register a client.

    Example: leadstream client add "Acme Ltd" --domain acme.com
    """
    from cli.api import open_api
    from cli.output import say, show_json

    with open_api() as api:
        answer = api.command("/v1/clients", {"name": name, "domain": domain})
    if as_json:
        return show_json(answer)
    return say(answer["client_id"])


@app.command("list")
def listing(as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List the clients.

    Example: leadstream client list
    """
    from cli.api import open_api
    from cli.output import show_json, table

    with open_api(at_position) as api:
        clients = api.read("ingest", "/v1/clients")
    if as_json:
        return show_json(clients)
    columns = {"client_id": "Client", "name": "Name", "domain": "Domain"}
    return table(columns, clients, "no clients yet; add one with `leadstream client add NAME`")
