"""A file on its way to ingest, and what came of it, as every command says it that takes a list."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from cli.errors import Refused
from cli.output import console, note, plain, say, table

if TYPE_CHECKING:
    from cli.api import Api

CHUNK: Final = 262_144
WAITS: Final = 30
BAD_ROWS_SHOWN: Final = 20


def sent(
    api: "Api", client_id: str, file: Path, workstream: str, mapped: list[str], again: bool = False
) -> dict[str, Any]:
    """What ingest says of an uploaded file, once its rows are all there."""
    query = {"workstream": workstream, "filename": file.name[-200:], "again": again, "map": mapped}
    with read_with_progress(file) as content:
        answer = api.upload(f"/v1/clients/{client_id}/uploads", content, **query)
    return answer | {"status": _when_ready(api, answer["upload_id"])["status"]}


@contextmanager
def at_rest(file: Path) -> Iterator[Path]:
    """The file, to be read more than once: of a pipe, which can be read once, a copy for as long as it is needed."""
    if file.is_file():
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, file.name)
        with file.open("rb") as source, kept.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield kept


def workstream_of(file: Path, named: str | None = None) -> str:
    """The workstream that takes the file: the one named, or the one that fits surely. Raises Refused for none."""
    from services.ingest.columns.mapping import MissingColumn
    from services.ingest.files.reading import Limits, UnreadableFile
    from services.ingest.preview import Undecided, fitting
    from services.ingest.workstreams import UnknownWorkstream

    try:
        return fitting(file, named, Limits.configured())
    except (UnreadableFile, UnknownWorkstream, MissingColumn, Undecided) as error:
        raise Refused(str(error)) from None


@contextmanager
def read_with_progress(file: Path) -> Iterator[Iterator[bytes]]:
    """The file in chunks, with a bar on stderr while a person looks at it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

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
    """Say what ingest made of an upload: its rows, which column is which field, what is bad."""
    same = ", which had been uploaded before (--again takes it once more)" if answer["duplicate"] else ""
    say(f"{answer['upload_id']}: {answer['rows']} rows of {answer['workstream']}, {answer['bad_row_count']} bad{same}")
    mapped = [{"header": header, "field": field} for field, header in answer["mapping"].items()]
    table({"header": "Column", "field": "Field"}, mapped, "no column is mapped")
    if answer["unmapped"]:
        say(f"kept, but not mapped: {', '.join(map(plain, answer['unmapped']))}")
    for warning in answer["warnings"]:
        note(f"warning: {plain(warning)}")
    report_bad_rows(answer["bad_rows"], answer["bad_row_count"])
    if answer["bad_row_count"]:
        note(f"`leadstream bad-rows {answer['upload_id']} -o FILE` saves them with their reasons, to be mended")


def report_bad_rows(bad_rows: list[dict[str, Any]], count: int) -> None:
    """The first bad rows and why."""
    if not bad_rows:
        return
    table({"row": "Bad row", "reason": "Reason"}, bad_rows[:BAD_ROWS_SHOWN], "")
    if count > BAD_ROWS_SHOWN:
        say(f"and {count - BAD_ROWS_SHOWN} more bad rows; --json lists the first {len(bad_rows)}")
