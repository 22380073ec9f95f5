"""What is made of a received file: its id, a look at all of it, the event for the log, the answer to who sent it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.ingest import staging
from services.ingest.columns.mapping import Choices
from services.ingest.files.reading import Limits, UnreadableFile
from services.ingest.workstreams import Workstream
from shared.events import BadRow, MappingChosen, UploadReceived
from shared.ids import named_id, new_id
from shared.runtime.http import Problem


@dataclass(frozen=True, slots=True)
class Sent:
    """What comes with a file: its workstream and name, what the sender says of its columns (field to header)."""

    workstream: str
    filename: str
    chosen: Mapping[str, str] = field(default_factory=dict)
    again: bool = False

    @property
    def mapping_chosen(self) -> MappingChosen:
        """The event of what the sender said, for the client's later files."""
        return MappingChosen(self.workstream, dict(self.chosen))

    def name(self, client_id: str, digest: str, key: str | None) -> str:
        """The upload's id: the same content, taken for the same, is the same upload.

        `again` it is another, but under the same idempotency `key` the same.
        """
        chosen = [f"{name}={header}" for name, header in sorted(self.chosen.items())]
        content = (client_id, self.workstream, digest, *chosen)
        if not self.again:
            return named_id("import", *content)
        return named_id("import", *content, "again", key) if key else new_id("import")

    def event_id(self, client_id: str, upload_id: str, key: str | None) -> str:
        """The id of the event that it was received: `again` under a key the same for any file, so there is one."""
        told = (client_id, "again", key) if self.again and key else (upload_id,)
        return named_id("evt", *told, "received")


def survey(
    path: Path, kind: Workstream, limits: Limits, choices: Choices, begun: UploadReceived | None
) -> staging.Survey:
    """Read the whole file: by these choices, or as it was read when it was `begun`, so that its rows are the same.

    Raises UnreadableFile, UnknownChoice, MissingColumn, and Problem where it reads otherwise now.
    """
    if begun is None:
        found = staging.survey(path, kind, limits, choices)
        if not found.good + found.bad_count:
            raise UnreadableFile("There is a header and no row below it. Export the list again.")
        return found
    found = staging.survey(path, kind, limits, staging.as_uploaded(kind, begun.mapping))
    if (found.good, found.bad_count) != (begun.rows, begun.bad_row_count):
        message = (
            f"upload {begun.upload_id} of this file was cut off and cannot be finished: it had {begun.rows:,} good and "
            f"{begun.bad_row_count:,} bad rows, and the file now has {found.good:,} and {found.bad_count:,}. Upload it "
            "as another one, with `again`"
        )
        raise Problem(409, "upload_differs", message)
    return found


TOLD: Final = ("upload_id", "workstream", "filename", "rows", "mapping", "unmapped", "bad_row_count", "bad_rows")


@dataclass(frozen=True, slots=True)
class Taken:
    """What is answered to a file. `position`: that of the upload's last event.

    One that was there already is a `duplicate`: what is not kept of it, `warnings` and `sample`, is empty.
    """

    upload_id: str
    workstream: str
    filename: str
    rows: int
    mapping: dict[str, str]
    unmapped: list[str]
    bad_row_count: int
    bad_rows: list[BadRow]
    duplicate: bool
    warnings: list[str]
    sample: list[dict[str, str]]
    position: int


def received(
    upload_id: str, filename: str, length: int, digest: str, artifact: str, found: staging.Survey
) -> UploadReceived:
    """The event of a file that was read to its end."""
    mapping = {target: match.header for target, match in found.mapping.targets.items()}
    return UploadReceived(
        upload_id, found.workstream.slug, Path(filename).name, length, digest, artifact, list(found.table.headers),
        mapping, found.mapping.unmapped, found.good, found.bad_count, found.bad_rows,
    )  # fmt: skip


def answer(upload: Mapping[str, Any], found: staging.Survey | None, position: int) -> Taken:
    """The answer to a file; one that is there already was not read, and nothing was `found`."""
    told = {name: upload[name] for name in TOLD} | {"bad_rows": [BadRow(**bad) for bad in upload["bad_rows"]]}
    warnings, sample = (found.warnings, found.sample) if found else ([], [])
    return Taken(**told, duplicate=found is None, warnings=warnings, sample=sample, position=position)
