"""What is said of a received file: the event for the log, and the answer to who sent it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.ingest.staging import Survey
from shared.events import MappingChosen, UploadReceived
from shared.ids import named_id, new_id

Answer = dict[str, Any]


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

    def name(self, client_id: str, digest: str) -> str:
        """The upload's id: the same content, taken for the same, is the same upload; `again` it is another."""
        if self.again:
            return new_id("import")
        chosen = [f"{name}={header}" for name, header in sorted(self.chosen.items())]
        return named_id("import", client_id, self.workstream, digest, *chosen)


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
