"""`leadstream customers`: a client's own customers, which its leads are held against."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.errors import Misused, Refused
from cli.lookups import checked_id, client_id_of, filled, known_client_of
from cli.options import AsJson, AtPosition, ClientName, Mapped
from cli.output import show_json, show_line, show_rows
from cli.uploading import report, sent
from shared.ids import optional

app = typer.Typer(no_args_is_help=True, help="A client's own customers, which its leads are held against.")
WORKSTREAM: Final = "customer_companies"
PAGE: Final = 1_000
COLUMNS: Final = {"customer": "Customer", "name": "Name", "known_by": "Known by", "uploads": "On lists"}
Why = Annotated[str, typer.Option(help="Why; kept with the event.")]


@app.command("list")
def listing(client: ClientName, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List a client's customers, and the uploads that have them.

    Example: leadstream customers list Acme
    """
    from cli.api import named, open_api

    with open_api(at_position) as api:
        asked = {"client_id": known_client_of(api, client)}
        found, _ = api.pages("projector", "/v1/customers", named("customers"), PAGE, **asked)
    rows = (row | {name: ", ".join(row[name]) for name in ("known_by", "uploads")} for row in found)
    none = f"no customers; `leadstream upload FILE -c ... -w {WORKSTREAM}` sends a list"
    show_rows(found, COLUMNS, none, as_json, rows)


@app.command()
def remove(
    client: ClientName,
    domain: Annotated[list[str] | None, typer.Option(help="By domain; repeat for more.")] = None,
    linkedin: Annotated[list[str] | None, typer.Option(help="By LinkedIn page; repeat for more.")] = None,
    name: Annotated[list[str] | None, typer.Option(help="By name: all that are known by it; repeat for more.")] = None,
    upload: Annotated[str | None, typer.Option(help="Those that only this upload lists.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Take customers off a client's lists; `is_worked_at_customer` of its leads follows.

    Example: leadstream customers remove Acme --domain globex.com --name Initech
    """
    from cli.api import open_api

    told = (("domain", "--domain", domain), ("linkedin_url", "--linkedin", linkedin), ("name", "--name", name))
    named = [{what: filled(option, each)} for what, option, given in told for each in given or ()]
    if not (named or upload is not None or everything):
        raise Misused("customers remove needs to know which: --domain, --linkedin, --name, --upload or --all")
    body = {"customers": named, "everything": everything, "reason": reason}
    with open_api() as api:
        body["upload_id"] = optional(checked_id, "import", upload)
        answer = api.command(f"/v1/clients/{client_id_of(api, client)}/customers/remove", body)
    show_line(answer, "removed; the client's leads are held against those that are left", as_json)


@app.command()
def replace(
    client: ClientName,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list: CSV or Excel.")],
    mapped: Mapped = None,
    reason: Why = "",
    as_json: AsJson = False,
) -> None:
    """Upload a customer list that takes the place of all earlier ones; one without a good row takes none.

    Example: leadstream customers replace Acme customers.csv
    """
    from cli.api import open_api

    with open_api() as api:
        client_id = client_id_of(api, client)
        answer = sent(api, client_id, file, WORKSTREAM, mapped or [], again=True)
        if not answer["rows"]:
            why = f"{file.name} has no row that is a customer, so the lists stay as they are"
            raise Refused(f"{why}: `leadstream bad-rows {answer['upload_id']}` says why each is bad")
        body = {"kept_upload_id": answer["upload_id"], "reason": reason}
        api.command(f"/v1/clients/{client_id}/customers/remove", body)
    return show_json(answer) if as_json else report(answer)
