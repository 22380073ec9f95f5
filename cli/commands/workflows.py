"""`leadstream workflow`: the registry of enrichment steps."""

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import DEFAULT_WORKSTREAM, AsJson, AtPosition, InWorkstream

app = typer.Typer(no_args_is_help=True, help="The registry of enrichment steps.")
COLUMNS = {
    "workstream": "Workstream",
    "workflow": "Workflow",
    "kind": "Kind",
    "scope": "Per",
    "title": "Title",
}


class Kind(StrEnum):
    """Where a workflow runs: here, or at a provider."""

    SYNC = "SYNC"
    ASYNC = "ASYNC"


class Scope(StrEnum):
    """What is enriched, and paid for, once."""

    ITEM = "item"
    COMPANY = "company"
    PERSON = "person"


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
    from cli.output import show_json, table

    with open_api(at_position) as api:
        known = api.read("ingest", "/v1/workflows")
    found = [workflow for workflow in known if workstream in (None, workflow["workstream"])]
    if as_json:
        return show_json(found)
    return table(COLUMNS, found, "no workflows; those that ship come with the first client")


@app.command()
def register(
    slug: Annotated[str, typer.Argument(help="Its name in pipelines: lower case, digits, underscores.")],
    kind: Annotated[Kind, typer.Option(help="SYNC runs here, ASYNC at a provider.", case_sensitive=False)] = Kind.ASYNC,
    scope: Annotated[Scope, typer.Option(help="What is enriched once.", case_sensitive=False)] = Scope.ITEM,
    title: Annotated[str, typer.Option(help="Its name for people.")] = "",
    description: Annotated[str, typer.Option(help="What it does.")] = "",
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    as_json: AsJson = False,
) -> None:
    """Register a workflow, or change one: an ASYNC one then only needs configuration.

    Example: leadstream workflow register enrich_email --kind ASYNC --scope person --title "Find e-mail"
    """
    from cli.api import open_api
    from cli.output import say, show_json

    body = {"workflow": slug, "kind": kind, "scope": scope, "title": title, "description": description}
    with open_api() as api:
        answer = api.command("/v1/workflows", body | {"workstream": workstream})
    if as_json:
        return show_json(answer)
    return say(f"{slug} is registered for {workstream}")
