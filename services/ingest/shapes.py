"""What ingest's API answers are made of."""

from typing import Any, Final

from services.ingest.letters import Status
from services.ingest.store import CHOSEN_COLUMN, CLIENT, CONFIG, PIPELINE, ROW, UPLOAD, WORKFLOW
from shared.events import Kind, Scope
from shared.runtime.shapes import (
    EVENT,
    FREE,
    MOMENT,
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    Shape,
    by_name,
    having,
    identifier,
    many,
    named,
    one_of,
    perhaps,
    row,
    some,
)

_IN_LOG: Final = having(position=WHOLE, **EVENT["properties"]) | {"required": ["position", *EVENT["required"]]}
_WORKFLOW: Final = {"kind": one_of(Kind), "scope": one_of(Scope), "sets": by_name(many(TEXT)), "settings": FREE}
_BAD_ROWS: Final = many(FREE)
_READ: Final = {"mapping": by_name(TEXT), "unmapped": many(TEXT), "bad_rows": _BAD_ROWS}
_LETTER: Final[dict[str, Shape]] = {
    "service": TEXT, "position": WHOLE, "event_type": TEXT, "event_id": identifier("evt"), "status": one_of(Status),
    "error": TEXT, "attempts": WHOLE, "retry_at": perhaps(MOMENT),
    **{f"{name}_id": perhaps(identifier(name)) for name in ("client", "batch", "item")},
    "entity_id": perhaps(TEXT), "first_at": MOMENT, "last_at": MOMENT, "settled_at": perhaps(WHOLE),
    "reason": perhaps(TEXT),
}  # fmt: skip


def done(**about: Any) -> Shape:
    """What is answered to a command: what it was about, and the position in the log at which it stands."""
    return having(**about, position=WHOLE)


SHAPES: Final[dict[str, Shape]] = {
    "Event": _IN_LOG,
    "Envelope": EVENT,
    "Tenant": having(share_answers=TRUTH),
    "Client": row(CLIENT),
    "Workflow": row(WORKFLOW, "removed", **_WORKFLOW),
    "WorkflowWhole": row(WORKFLOW, **_WORKFLOW, settings_schema=FREE),
    "Config": row(CONFIG, "removed", config=FREE),
    "Pipeline": row(PIPELINE, "removed", steps=many(TEXT), options=by_name(FREE)),
    "PipelineWhole": row(PIPELINE, steps=many(TEXT), options=by_name(FREE)),
    "ChosenColumn": some(CHOSEN_COLUMN, "workstream", "field", "header"),
    "Upload": row(UPLOAD, **_READ, headers=many(TEXT)),
    "UploadRow": row(ROW, cells=many(TEXT), fields=FREE),
    "Taken": having(
        upload_id=identifier("import"), workstream=TEXT, filename=TEXT, rows=WHOLE, **_READ, bad_row_count=WHOLE,
        duplicate=TRUTH, warnings=many(TEXT), sample=many(FREE), position=WHOLE,
    ),
    "Preview": having(
        workstream=TEXT, proposals=many(FREE), encoding=TEXT, delimiter=perhaps(TEXT), preamble_lines=WHOLE,
        footer_lines=WHOLE, rows=WHOLE, mapping=by_name(FREE), unmapped=many(TEXT), warnings=many(TEXT),
        bad_row_count=WHOLE, bad_rows=_BAD_ROWS, sample=many(FREE),
    ),
    "Blueprint": having(
        client_id=identifier("client"), upload_id=identifier("import"), workstream=TEXT, blueprint=many(FREE),
        items=WHOLE, rows=perhaps(many(WHOLE)), config=by_name(FREE), max_credits=perhaps(NUMBER),
        pipeline_id=perhaps(identifier("pipe")), missing=many(TEXT),
    ),
    "Launched": done(batch_id=identifier("batch"), items=WHOLE, blueprint=many(TEXT), warnings=many(TEXT)),
    "DeadLetter": having(**_LETTER),
    "DeadLetterWhole": having(
        **_LETTER, event=perhaps(named("Envelope")), tries=many(FREE), subject=TEXT,
        later=many(having(position=WHOLE, type=TEXT)), later_count=WHOLE,
    ),
    "Settled": having(
        settled=WHOLE, letters=many(having(service=TEXT, position=WHOLE)), position=perhaps(WHOLE),
    ),
}  # fmt: skip
SAVED: Final = done(pipeline_id=identifier("pipe"), name=TEXT, workstream=TEXT, steps=many(TEXT), options=by_name(FREE))
OF_BATCH: Final = done(batch_id=identifier("batch"), action=TEXT)
OF_CLIENT: Final = {"client_id": identifier("client")}
OF_WORKFLOW: Final = done(workflow=TEXT, workstream=TEXT)
OF_CONFIG: Final = {**OF_CLIENT, "workflow": TEXT, "name": TEXT}
REGISTERED: Final = {
    "type": "object",
    "properties": {"registered": many(having(workflow=TEXT, workstream=TEXT)), "position": WHOLE},
    "required": ["registered"],
}
