"""`leadstream upload` and `uploads`: files in, and what became of their columns and rows."""

from pathlib import Path
from typing import Annotated, Final

import typer

from cli.downloads import save
from cli.lookups import checked_id, client_id_of
from cli.options import AsJson, AtPosition, ClientName, Mapped, OfWorkstream, Output
from cli.output import moment, show_json, show_rows
from cli.uploading import at_rest, report, sent, workstream_of

PAGE: Final = 1000


def upload(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list: CSV or Excel.")],
    client: Annotated[str, typer.Option("--client", "-c", help="A client's id or its exact name.")],
    workstream: OfWorkstream = None,
    mapped: Mapped = None,
    again: Annotated[bool, typer.Option("--again", help="Take the same content once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Upload a list, and see what maps to what and which rows are bad; returns when it can be launched.

    A file that does not tell its workstream is refused without --workstream, and nothing is sent. What --map says is
    remembered for the client's later files of the workstream.

    Example: leadstream upload people.csv --client Acme --workstream apollo_scrape
    """
    from cli.api import open_api

    with at_rest(file) as kept, open_api() as api:
        kind = workstream or workstream_of(kept)
        answer = sent(api, client_id_of(api, client), kept, kind, mapped or [], again)
    return show_json(answer) if as_json else report(answer)


def uploads(client: ClientName, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List a client's uploads, the newest first.

    Example: leadstream uploads Acme
    """
    from cli.api import listed, open_api

    with open_api(at_position) as api:
        path = f"/v1/clients/{client_id_of(api, client)}/uploads"
        found, _ = api.pages("ingest", path, listed("upload_id"), PAGE)
    names = ("upload_id", "received_at", "workstream", "filename", "rows", "bad_row_count", "status")
    headings = ("Upload", "Received", "Workstream", "File", "Rows", "Bad", "Status")
    rows = [entry | {"received_at": moment(entry["received_at"])} for entry in found]
    columns = dict(zip(names, headings, strict=True))
    show_rows(found, columns, "no uploads; `leadstream upload FILE` sends one", as_json, rows)


def bad_rows(
    upload: Annotated[str, typer.Argument(help="The upload's id.")],
    output: Output = None,
    at_position: AtPosition = None,
) -> None:
    """Save the bad rows of an upload as CSV, each with its reason; mend them, and upload that file.

    Example: leadstream bad-rows import_01... --output mend.csv
    """
    from cli.api import open_api

    path = f"/v1/uploads/{checked_id('import', upload)}/bad-rows"
    with open_api(at_position) as api, api.download("ingest", path) as content:
        save(content, output)
