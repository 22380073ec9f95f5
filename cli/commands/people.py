"""`leadstream people`: who worked where, and how to reach them now."""

from typing import Annotated, Any, Final

import typer

from cli.lead_conditions import OfClient
from cli.lookups import checked_id_of, known_client_of
from cli.options import AsJson, AtPosition
from cli.output import note, show_json, show_rows, table
from shared.ids import optional

app = typer.Typer(no_args_is_help=True, help="Who worked where, and how to reach them now.")
PAGE: Final = 200
Company = Annotated[str, typer.Argument(metavar="COMPANY", help="A domain, a LinkedIn page or a name.")]
Current = Annotated[bool | None, typer.Option("--current/--past", help="Only present jobs, or only past ones.")]
Limit = Annotated[int, typer.Option(min=1, help="How many to list.")]
JOB: Final = {
    "company_name": "Company", "title": "Title", "start_date": "From", "end_date": "To", "is_current": "Now",
}  # fmt: skip
PERSON: Final = {"person_full_name": "Name", "person_email": "E-mail", "person_phone": "Phone", "person_id": "Person"}


@app.command("worked-at")
def worked_at(
    company: Company,
    client: OfClient = None,
    current: Current = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Tell who works or worked at a company.

    Example: leadstream people worked-at siemens.com --past
    """
    asked = {"company": company, "current": current}
    _show("/v1/work-history", asked, client, limit, PERSON | JOB, as_json, at_position)


@app.command()
def customers(
    client: OfClient = None,
    current: Current = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Tell who works or worked at any of a client's own customers.

    Example: leadstream people customers --client Acme
    """
    shown = {"customer": "Customer"} | PERSON | JOB
    _show("/v1/work-history/customers", {"current": current}, client, limit, shown, as_json, at_position)


@app.command()
def moved(
    left: Annotated[str, typer.Argument(metavar="FROM", help="The company they left: domain, LinkedIn page or name.")],
    joined: Annotated[str, typer.Argument(metavar="TO", help="The company they went to.")],
    client: OfClient = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """Tell who worked at one company and later at another.

    Example: leadstream people moved oracle.com snowflake.com
    """
    shown = PERSON | {"from_company_name": "Was at", "from_end_date": "Until"} | JOB
    _show("/v1/moves", {"from": left, "to": joined}, client, limit, shown, as_json, at_position)


@app.command()
def jobs(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="A person's id, or that of one of its leads.")],
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List every job of a person, the most recent first.

    Example: leadstream people jobs lead_01...
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        found = api.read("projector", f"/v1/people/{checked_id_of(('person', 'lead'), person)}/work-history")
    show_rows(found, JOB | {"company_domain": "Domain"}, "no job is known", as_json)


def _show(
    path: str,
    asked: dict[str, Any],
    client: str | None,
    limit: int,
    columns: dict[str, str],
    as_json: bool,
    at_position: int | None,
) -> None:
    from cli.api import named, open_api

    with open_api(at_position) as api:
        asked |= {"client_id": optional(known_client_of, api, client)}
        found, more = api.pages("projector", path, named("jobs"), PAGE, limit, **asked)
    if as_json:
        return show_json(found)
    table(columns, found, "nobody is known")
    return note(f"there may be more: --limit {limit * 2}") if more else None
