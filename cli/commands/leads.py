"""`leadstream leads`: the enriched people, to look for, to read and to take away."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.downloads import save
from cli.errors import Misused
from cli.lead_conditions import AtLeast, AtMost, Conditions, Known, OfBatch, OfClient, Unknown, Where, Words
from cli.lookups import checked_id, filled
from cli.options import AsJson, AtPosition, Output
from cli.output import moment, note, plain, say, show_json, table
from cli.pairs import between_commas
from cli.pushing import follow
from cli.why import identified

app = typer.Typer(no_args_is_help=True, help="The enriched people, to look for, to read and to take away.")
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
SOURCES: Final = {
    "column": "Column", "value": "Value", "source": "From", "workflow": "Workflow", "provider": "Provider",
    "at": "At (UTC)", "event_id": "Event",
}  # fmt: skip
FACETS: Final = {"column": "Column", "value": "Value", "leads": "Leads"}


class FileFormat(StrEnum):
    """What an export can be."""

    csv = "csv"
    jsonl = "jsonl"
    xlsx = "xlsx"
    parquet = "parquet"


@app.command("list")
def listing(
    batch: OfBatch = None,
    client: OfClient = None,
    where: Where = None,
    least: AtLeast = None,
    most: AtMost = None,
    known: Known = None,
    unknown: Unknown = None,
    search: Words = None,
    sort: Annotated[str | None, typer.Option(help="A column, with - before it for descending.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to list.")] = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List leads; --json has every column of them.

    Example: leadstream leads list --client Acme --where company_country=Germany --min company_employee_count=50
    """
    from cli.api import named, open_api

    with open_api(at_position) as api:
        asked = Conditions(batch, client, where, least, most, known, unknown, search).query(api)
        leads, more = api.pages("projector", "/v1/leads", named("leads"), PAGE, limit, **asked | {"sort": sort})
    if as_json:
        return show_json(leads)
    table(COLUMNS, leads, "no leads")
    return note(f"there are more: --limit {limit * 2}, or `leads export`") if more else None


@app.command()
def show(
    lead_id: Annotated[str, typer.Argument(metavar="LEAD")], as_json: AsJson = False, at_position: AtPosition = None
) -> None:
    """Show one lead: each value, where it comes from, and what contradicts it.

    Example: leadstream leads show lead_01...
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        lead = api.read("projector", f"/v1/leads/{checked_id('lead', lead_id)}")
    if as_json:
        return show_json(lead)
    table(SOURCES, [
        {"column": name, "value": lead[name]} | source | {"at": moment(source.get("at")), "source": _from(source)}
        for name, source in lead["provenance"].items()
    ], "nothing is known of this lead")  # fmt: skip
    for name, source in lead["provenance"].items():
        if customer := source.get("customer"):
            note(f"{name}: the customer is {plain(customer)}")
    for line in identified(lead["entities"]):
        note(f"is about {line}")
    for told in lead["contradictions"] or ():
        values = " / ".join(plain(each["value"]) for each in told["values"])
        note(f"contradiction ({told['kind']}) in {', '.join(told['columns'])}: {values}")
    return None


def _from(source: dict[str, str]) -> str:
    return f"{source['source']}, lent" if source.get("lent_at") else source["source"]


@app.command()
def facets(
    batch: OfBatch = None,
    client: OfClient = None,
    where: Where = None,
    least: AtLeast = None,
    most: AtMost = None,
    known: Known = None,
    unknown: Unknown = None,
    search: Words = None,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Say which filters have data: how many leads have each column, and its most frequent values.

    Example: leadstream leads facets --client Acme
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        asked = Conditions(batch, client, where, least, most, known, unknown, search).query(api)
        found = api.read("projector", "/v1/leads/facets", **asked)
    if as_json:
        return show_json(found)
    rows = [{"column": name, "value": "(any)", "leads": leads} for name, leads in found["known"].items()]
    rows += [{"column": name} | value for name, values in found["values"].items() for value in values]
    table(FACETS, sorted(rows, key=lambda row: str(row["column"])), "no leads")
    return note(f"{found['total']} leads, {found['contradicted']} with contradictions")


@app.command()
def export(
    batch: OfBatch = None,
    client: OfClient = None,
    where: Where = None,
    least: AtLeast = None,
    most: AtMost = None,
    known: Known = None,
    unknown: Unknown = None,
    search: Words = None,
    columns: Annotated[str | None, typer.Option(help="Names with commas, in this order; none: all.")] = None,
    form: Annotated[FileFormat | None, typer.Option("--format", "-f", help="None: by the file's ending.")] = None,
    output: Output = None,
    at_position: AtPosition = None,
) -> None:
    """Export leads as CSV, JSON lines, an Excel workbook or Parquet; a file is only there once it is whole.

    Example: leadstream leads export --batch batch_01... --columns person_email,company_name --output leads.xlsx
    """
    from cli.api import open_api

    chosen, names = _format_of(form, output), _named(columns)
    with open_api(at_position) as api:
        asked = Conditions(batch, client, where, least, most, known, unknown, search).query(api)
        asked |= {"columns": ",".join(names) or None, "format": chosen}
        with api.download("projector", "/v1/leads/export", **asked) as content:
            save(content, output)


@app.command()
def push(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to POST them, a hundred at a time.")],
    batch: OfBatch = None,
    client: OfClient = None,
    where: Where = None,
    least: AtLeast = None,
    most: AtMost = None,
    known: Known = None,
    unknown: Unknown = None,
    search: Words = None,
    columns: Annotated[str | None, typer.Option(help="Names with commas; none: all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every lead, when no condition says which.")] = False,
    secret: Annotated[str | None, typer.Option(help="Name of the secret that the projector sends along.")] = None,
    header: Annotated[str, typer.Option(help="In which header it goes out.")] = "authorization",
    size: Annotated[int, typer.Option(min=1, max=100, help="Leads in a parcel, at most.")] = 100,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the push until it ends.")] = True,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Have leads pushed to a webhook as JSON; what it is too busy for is sent again, this command or no.

    Example: leadstream leads push https://hooks.example.com/leads --client Acme --known person_email
    """
    from cli.api import open_api

    body = {"webhook_url": url, "columns": _named(columns), "size": size, "everything": everything}
    conditions = Conditions(batch, client, where, least, most, known, unknown, search)
    if conditions == Conditions() and not everything:
        raise Misused("leads push takes conditions, such as --batch, --client or --where, or --all: none is nothing")
    with open_api(at_position) as api:
        asked = conditions.query(api)
        told = api.tell("projector", "/v1/pushes", body | {"auth_header": header, "webhook_auth": secret}, **asked)
        if not wait:
            return show_json(told) if as_json else say(told["push_id"])
        note(f"{told['push_id']} begins; it goes on without this command: `leadstream pushes show {told['push_id']}`")
        found = follow(api, told["push_id"], note)
    return show_json(found) if as_json else note(f"{found['leads']} leads were taken")


def _format_of(form: FileFormat | None, output: Path | None) -> str:
    """What is asked for, else what the file's ending says, CSV for none. Raises Misused where the two differ."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    if form is None and ending and ending not in FileFormat.__members__:
        formats = ", ".join(FileFormat)
        raise Misused(f"an export is no .{ending}: name the file by one of {formats}, or say --format")
    if form is not None and ending in FileFormat.__members__ and ending != form:
        raise Misused(f"{output} would hold {form}: name it by that ending, or leave --format {form} out")
    return form or ending or FileFormat.csv


def _named(columns: str | None) -> list[str]:
    """What --columns names; [] where it is not given. Raises Misused for one that names none."""
    return [] if columns is None else between_commas(filled("--columns", columns.strip(" ,")))
