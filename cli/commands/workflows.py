"""`leadstream workflow`: the registry of enrichment steps."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.options import DEFAULT_WORKSTREAM, AlwaysJson, AsJson, AtPosition, InWorkstream, Workflow
from cli.output import show_json, show_line, show_rows
from cli.settings import from_file, lists

app = typer.Typer(no_args_is_help=True, help="The registry of enrichment steps.")
COLUMNS = {
    "workstream": "Workstream",
    "workflow": "Workflow",
    "kind": "Kind",
    "scope": "Per",
    "credits": "Credits",
    "title": "Title",
}

Kind = Literal["SYNC", "ASYNC"]
Scope = Literal["item", "company", "person"]


@app.command("list")
def listing(
    workstream: Annotated[str | None, typer.Option("--workstream", "-w", help="Only this kind of input.")] = None,
    as_json: AsJson = False,
    at_position: AtPosition = None,
) -> None:
    """List the workflows that pipelines can be made of.

    Example: leadstream workflow list --workstream apollo_scrape
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        known = api.read("ingest", "/v1/workflows")
    found = [workflow for workflow in known if workstream in (None, workflow["workstream"])]
    show_rows(found, COLUMNS, "no workflows; those that ship come with the first client", as_json)


@app.command()
def show(
    slug: Workflow,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AlwaysJson = True,
    at_position: AtPosition = None,
) -> None:
    """Show one workflow as JSON, with the JSON Schema of its settings.

    Example: leadstream workflow show enrich_email --workstream crm_data
    """
    from cli.api import open_api

    with open_api(at_position) as api:
        show_json(api.read("ingest", f"/v1/workflows/{workstream}/{slug}"))


@app.command()
def register(
    slug: Workflow,
    kind: Annotated[
        Kind | None, typer.Option(help="SYNC runs here, ASYNC at a provider; ASYNC if new.", case_sensitive=False)
    ] = None,
    scope: Annotated[
        Scope | None, typer.Option(help="What is enriched once; item if new.", case_sensitive=False)
    ] = None,
    title: Annotated[str | None, typer.Option(help="Its name for people.")] = None,
    description: Annotated[str | None, typer.Option(help="What it does.")] = None,
    price: Annotated[
        float | None, typer.Option("--credits", min=0, help="The price of one call; nothing if new.")
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option("--sets", metavar="FIELD=PATH,...", help="A field of the item that an answer sets, from where."),
    ] = None,
    reads_answers: Annotated[
        bool | None,
        typer.Option("--reads-answers/--no-reads-answers", help="The function is given what providers answered."),
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="JSON: settings of its own, each with its JSON Schema."),
    ] = None,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AsJson = False,
) -> None:
    """Register a workflow, or change one: what is not named stays. An ASYNC one then only needs configuration.

    Example: leadstream workflow register find_phone --scope person --credits 2 --sets mobile_phone=phone,phone_number
    """
    from cli.api import open_api

    told = {
        "kind": kind, "scope": scope, "title": title, "description": description, "credits": price,
        "sets": lists("--sets", sets) if sets else None, "reads_answers": reads_answers,
        "settings": from_file(settings) if settings else None,
    }  # fmt: skip
    named = {"workflow": slug, "workstream": workstream}
    with open_api() as api:
        there = [entry for entry in api.read("ingest", "/v1/workflows") if named.items() <= entry.items()]
        before = {name: there[0][name] for name in told} if there else {"kind": "ASYNC"}
        changed = {name: value for name, value in told.items() if value is not None}
        answer = api.command("/v1/workflows", named | before | changed)
    show_line(answer, f"{slug} is registered for {workstream}", as_json)


@app.command()
def update(as_json: AsJson = False) -> None:
    """Register the workflows that came with an upgrade; those that were changed or retired stay as they are.

    Example: leadstream workflow update
    """
    from cli.api import open_api

    with open_api() as api:
        answer = api.command("/v1/workflows/shipped")
    columns = {"workstream": "Workstream", "workflow": "Workflow"}
    show_rows(answer, columns, "nothing is new: the registry has all that ship", as_json, answer["registered"])


@app.command()
def retire(
    slug: Workflow,
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AsJson = False,
) -> None:
    """Take a workflow out of the registry; batches that have it go on.

    Example: leadstream workflow retire find_phone --workstream crm_data
    """
    from cli.api import open_api

    with open_api() as api:
        answer = api.command(f"/v1/workflows/{workstream}/{slug}", method="DELETE")
    show_line(answer, f"{slug} is retired from {workstream}", as_json)
