"""`leadstream launch`: start a batch over an upload."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import Misused
from cli.lookups import checked_id, pipeline_of
from cli.options import AsJson, slugs
from cli.output import note, plain, say, show_json
from cli.plans import show_plan
from cli.progress import succeeded
from cli.row_ranges import parse_rows
from cli.settings import from_file
from cli.steps import Unless, Use, steps_with
from cli.watching import noticed, watched

if TYPE_CHECKING:
    from cli.api import Api

Answer = dict[str, Any]


def launch(
    upload: Annotated[str, typer.Argument(metavar="UPLOAD", help="The upload's id.")],
    pipeline: Annotated[str | None, typer.Option("--pipeline", "-p", help="A saved pipeline's name or id.")] = None,
    step: Annotated[
        list[str] | None, typer.Option("--step", "-s", help="A workflow's slug; repeat, in order.", callback=slugs)
    ] = None,
    use: Use = None,
    unless: Unless = None,
    rows: Annotated[str | None, typer.Option(help="Only these rows: 1,2,5-9.")] = None,
    override: Annotated[
        Path | None,
        typer.Option("--config", exists=True, dir_okay=False, help="JSON: workflow to settings, for this batch only."),
    ] = None,
    max_credits: Annotated[
        float | None, typer.Option(min=0, help="Pause the batch before its calls cost more than this.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Say what it would do and cost; launch nothing.")] = False,
    follow: Annotated[bool, typer.Option("--watch", help="Show progress until it is over or waits paused.")] = False,
    as_json: AsJson = False,
) -> None:
    """Launch a batch: shows the blueprint as JSON, then the batch's id. With --watch, exit 1 if items failed or it
    is paused.

    Example: leadstream launch import_01... --pipeline full --rows 1-25 --watch
    """
    from cli.api import open_api

    if (pipeline is None) == (not step):
        raise Misused("launch takes either --pipeline NAME or --step SLUG, once or more: give one of the two")
    if pipeline is not None and (use or unless):
        raise Misused("--use and --unless go with --step; a pipeline has its own (`leadstream pipeline save`)")
    asked: Answer = {
        "upload_id": checked_id("import", upload),
        "config": from_file(override) if override else {},
        "steps": steps_with(step, use, unless) if step else None,
        "rows": parse_rows(rows) if rows is not None else None,
        "max_credits": max_credits,
    }
    with open_api() as api:
        asked["pipeline_id"] = _pipeline_id(api, asked["upload_id"], pipeline) if pipeline is not None else None
        blueprint = api.ask("ingest", "/v1/blueprints", asked)
        if plan:
            return show_plan(api, blueprint, as_json)
        _show_blueprint(blueprint, as_json)
        answer = api.command("/v1/batches", asked)
        ended = _shown(api, blueprint, answer, follow, as_json)
    return _exit_by(ended)


def _pipeline_id(api: "Api", upload_id: str, pipeline: str) -> str:
    source = api.read("ingest", f"/v1/uploads/{upload_id}")
    return str(pipeline_of(api, source["client_id"], source["workstream"], pipeline)["pipeline_id"])


def _show_blueprint(blueprint: Answer, as_json: bool) -> None:
    if not as_json:
        say(json.dumps(blueprint, indent=2))


def _shown(api: "Api", blueprint: Answer, answer: Answer, follow: bool, as_json: bool) -> Answer | None:
    """Say what was launched; the batch as it ended, where it was watched."""
    if not as_json:
        say(f"{answer['batch_id']}: {answer['items']} items")
    for warning in answer["warnings"]:
        note(f"warning: {plain(warning)}")
    ended = watched(api, answer["batch_id"], as_json) if follow else noticed(api, answer["batch_id"])
    if as_json:
        show_json({"blueprint": blueprint, "launched": answer, "batch": ended})
    return ended if follow else None


def _exit_by(ended: Answer | None) -> None:
    if ended is not None and not succeeded(ended):
        raise typer.Exit(1)
