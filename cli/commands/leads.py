"""`leadstream leads`: the enriched people, to read and to take away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from cli.options import AsJson, AtPosition

if TYPE_CHECKING:
    from cli.api import Api

app = typer.Typer(no_args_is_help=True, help="The enriched people, to read and to take away.")
OfBatch = Annotated[str | None, typer.Option("--batch", "-b", help="Only those of this batch.")]
OfClient = Annotated[str | None, typer.Option("--client", "-c", help="Only those of this client (id or exact name).")]
PAGE: Final = 200
COLUMNS: Final = {
    "lead_id": "Lead",
    "row": "Row",
    "person_full_name": "Name",
    "person_title": "Title",
    "person_email": "E-mail",
    "company_name": "Company",
    "company_domain": "Domain",
    "company_country": "Country",
}


@app.command("list")
def listing(
    batch: OfBatch = None,
    client: OfClient = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List leads; --json has every column of them.

    Example: leadstream leads list --client Acme --limit 20
    """
    from cli.api import open_api
    from cli.output import note, show_json, table

    with open_api(at_position) as api:
        leads, more = _leads(api, _filters(api, batch, client), limit)
    if as_json:
        return show_json(leads)
    table(COLUMNS, leads, "no leads")
    return note(f"there are more: --limit {limit * 2}, or `leads export`") if more else None


@app.command()
def export(
    batch: OfBatch = None,
    client: OfClient = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="A file; none: stdout.")] = None,
    at_position: AtPosition = None,
) -> None:
    """Export leads as CSV; a file is only there once it is whole.

    Example: leadstream leads export --batch batch_01... --output leads.csv
    """
    from cli.api import open_api
    from cli.downloads import save
    from cli.output import note

    with open_api(at_position) as api:
        filters = _filters(api, batch, client)
        with api.download("projector", "/v1/leads/export", **filters) as content:
            save(content, output)
    if output:
        note(f"wrote {output}")


def _filters(api: "Api", batch: str | None, client: str | None) -> dict[str, str | None]:
    from cli.lookups import checked_id, client_id_of

    return {
        "batch_id": checked_id("batch", batch) if batch else None,
        "client_id": client_id_of(api, client) if client else None,
    }


def _leads(api: "Api", filters: dict[str, str | None], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Up to `limit` leads, and whether there are more."""
    found: list[dict[str, Any]] = []
    after = None
    while len(found) < limit:
        size = min(PAGE, limit - len(found))
        page = api.read("projector", "/v1/leads", **filters, limit=size, after=after)
        found += page["leads"]
        after = page["next"]
        if after is None:
            break
    return found, after is not None
