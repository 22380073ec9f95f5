"""What is said of a received file: the event for the log, and the answer to who sent it."""

from pathlib import Path
from typing import Any, Final

from services.ingest.staging import Survey
from shared.events import UploadReceived

Answer = dict[str, Any]
TOLD: Final = ("upload_id", "filename", "rows", "mapping", "unmapped", "bad_row_count", "bad_rows")


def received(upload_id: str, filename: str, length: int, digest: str, artifact: str, found: Survey) -> UploadReceived:
    """The event of a file that was read to its end."""
    mapping = {target: match.header for target, match in found.mapping.targets.items()}
    return UploadReceived(
        upload_id, found.workstream.slug, Path(filename).name, length, digest, artifact, list(found.table.headers),
        mapping, found.mapping.unmapped, found.good, found.bad_count, found.bad_rows,
    )  # fmt: skip


def answer(payload: UploadReceived, found: Survey, position: int) -> Answer:
    """The answer to a file that was new."""
    told = {name: getattr(payload, name) for name in TOLD}
    bad_rows = [{"row": bad.row, "reason": bad.reason} for bad in payload.bad_rows]
    about = {"duplicate": False, "warnings": found.warnings, "sample": found.sample, "position": position}
    return told | {"bad_rows": bad_rows} | about


def answer_again(upload: dict[str, Any]) -> Answer:
    """The answer to a file that is there already."""
    return {name: upload[name] for name in TOLD} | {"duplicate": True, "position": 0}
