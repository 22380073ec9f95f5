"""`leadstream upload` and `uploads`: files in, and what became of their columns and rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Final

import typer

from cli.errors import Refused
from cli.options import DEFAULT_WORKSTREAM, AsJson, AtPosition, ClientName, InWorkstream, Mapped

if TYPE_CHECKING:
    from cli.api import Api

CHUNK: Final = 262_144
WAITS: Final = 30
BAD_ROWS_SHOWN: Final = 20


def upload(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The list: CSV or Excel.")],
    client: Annotated[str, typer.Option("--client", "-c", help="A client's id or its exact name.")],
    workstream: InWorkstream = DEFAULT_WORKSTREAM,
    mapped: Mapped = None,
    again: Annotated[bool, typer.Option("--again", help="Take the same content once more.")] = False,
    as_json: AsJson = False,
) -> None:
    """Upload a list, and see what maps to what and which rows are bad; returns when it can be launched.

    What --map says is remembered for the client's later files of the workstream.

    Example: leadstream upload people.csv --client Acme --workstream apollo_scrape
    """
    from cli.api import open_api
    from cli.lookups import client_id_of
    from cli.output import show_json

    with open_api() as api:
        answer = sent(api, client_id_of(api, client), file, workstream, mapped or [], again)
    return show_json(answer) if as_json else report(answer)


def sent(
    api: "Api", client_id: str, file: Path, workstream: str, mapped: list[str], again: bool = False
) -> dict[str, Any]:
    """What ingest says of an uploaded file, once its rows are all there."""
    query = {"workstream": workstream, "filename": file.name[-200:], "again": again, "map": mapped}
    with read_with_progress(file) as content:
        answer = api.upload(f"/v1/clients/{client_id}/uploads", content, **query)
    return answer | {"status": _when_ready(api, answer["upload_id"])["status"]}


def uploads(client: ClientName, as_json: AsJson = False, at_position: AtPosition = None) -> None:
    """List a client's uploads, the newest first.

    Example: leadstream uploads Acme
    """
    from cli.api import open_api
    from cli.lookups import client_id_of
    from cli.output import moment, show_json, table

    with open_api(at_position) as api:
        path = f"/v1/clients/{client_id_of(api, client)}/uploads"
        found: list[dict[str, Any]] = []
        while page := api.read("ingest", path, after=found[-1]["upload_id"] if found else None):
            if found and page[0] == found[0]:
                break  # a service of before, which has no pages
            found += page
    if as_json:
        return show_json(found)
    names = ("upload_id", "received_at", "workstream", "filename", "rows", "bad_row_count", "status")
    headings = ("Upload", "Received", "Workstream", "File", "Rows", "Bad", "Status")
    rows = [entry | {"received_at": moment(entry["received_at"])} for entry in found]
    return table(dict(zip(names, headings, strict=True)), rows, "no uploads; `leadstream upload FILE` sends one")


def bad_rows(
    upload: Annotated[str, typer.Argument(help="The upload's id.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", dir_okay=False, help="A file; none: stdout.")] = None,
    at_position: AtPosition = None,
) -> None:
    """Save the bad rows of an upload as CSV, each with its reason; mend them, and upload that file.

    Example: leadstream bad-rows import_01... --output mend.csv
    """
    from cli.api import open_api
    from cli.downloads import save
    from cli.lookups import checked_id
    from cli.output import note

    path = f"/v1/uploads/{checked_id('import', upload)}/bad-rows"
    with open_api(at_position) as api, api.download("ingest", path) as content:
        save(content, output)
    if output:
        note(f"wrote {output}")


@contextmanager
def read_with_progress(file: Path) -> Iterator[Iterator[bytes]]:
    """The file in chunks, with a bar on stderr while a person looks at it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    from cli.output import console

    screen = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    shown = Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)
    with shown, file.open("rb") as stream:
        task = shown.add_task(file.name, total=file.stat().st_size)
        yield _chunks(stream, lambda count: shown.advance(task, count))


def _chunks(stream: BinaryIO, sent: Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk
        sent(len(chunk))


def _when_ready(api: "Api", upload_id: str) -> dict[str, Any]:
    """The upload once all its rows are staged: a long file takes ingest longer than one answer may."""
    for _ in range(WAITS):
        try:
            found: dict[str, Any] = api.read("ingest", f"/v1/uploads/{upload_id}")
        except Refused as refused:
            if refused.code != "unavailable":
                raise
        else:
            return found
    raise Refused(f"upload {upload_id} is kept, but its rows are still being staged; see `leadstream uploads CLIENT`")


def report(answer: dict[str, Any]) -> None:
    from cli.output import note, plain, say, table

    same = ", which had been uploaded before (--again takes it once more)" if answer["duplicate"] else ""
    say(f"{answer['upload_id']}: {answer['rows']} rows, {answer['bad_row_count']} bad{same}")
    mapped = [{"header": header, "field": field} for field, header in answer["mapping"].items()]
    table({"header": "Column", "field": "Field"}, mapped, "no column is mapped")
    if answer["unmapped"]:
        say(f"kept, but not mapped: {', '.join(map(plain, answer['unmapped']))}")
    for warning in answer.get("warnings", ()):
        note(f"warning: {plain(warning)}")
    report_bad_rows(answer["bad_rows"], answer["bad_row_count"])
    if answer["bad_row_count"]:
        note(f"`leadstream bad-rows {answer['upload_id']} -o FILE` saves them with their reasons, to be mended")


def report_bad_rows(bad_rows: list[dict[str, Any]], count: int) -> None:
    """The first bad rows and why."""
    from cli.output import say, table

    if not bad_rows:
        return
    table({"row": "Bad row", "reason": "Reason"}, bad_rows[:BAD_ROWS_SHOWN], "")
    if count > BAD_ROWS_SHOWN:
        say(f"and {count - BAD_ROWS_SHOWN} more bad rows; --json lists the first {len(bad_rows)}")
