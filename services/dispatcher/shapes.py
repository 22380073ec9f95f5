"""What the dispatcher's API answers are made of."""

from typing import Final

from services.dispatcher.state import ClaimStatus, DispatchStatus
from services.dispatcher.tables import CLAIM, DISPATCH
from shared.events import FailureCode, Kind, Scope
from shared.runtime.shapes import (
    NUMBER,
    TEXT,
    TRUTH,
    WHOLE,
    Shape,
    having,
    identifier,
    many,
    named,
    one_of,
    perhaps,
    row,
)

ENTITY: Final = identifier("company", "person", "item")
_CODE: Final = perhaps(one_of(FailureCode))
_LEFT_ALONE: Final = {"left_alone_seconds": perhaps(NUMBER), "left_alone_as_asked": perhaps(TRUTH)}
_SPENT: Final = {"max_credits": perhaps(NUMBER), "reserved": NUMBER}
SHAPES: Final[dict[str, Shape]] = {
    "Dispatch": row(DISPATCH, entity_id=ENTITY, status=one_of(DispatchStatus), code=_CODE),
    "DispatchCount": having(workflow=TEXT, status=one_of(DispatchStatus), dispatches=WHOLE, in_doubt=WHOLE),
    "Claim": row(CLAIM, entity_id=ENTITY, scope=one_of(Scope), status=one_of(ClaimStatus), code=_CODE),
    "WaitingStep": having(
        step=WHOLE, workflow=TEXT, claim=named("Claim"), attempts=many(named("Dispatch")), **_LEFT_ALONE,
        webhook_full=perhaps(TRUTH),
    ),
    "Webhook": having(
        webhook_id=identifier("wh"), webhook_url=perhaps(TEXT), taken=WHOLE, limit=perhaps(WHOLE), nearly_full=TRUTH,
        **_LEFT_ALONE,
        used_by=many(having(
            client_id=identifier("client"), workflow=TEXT, workstream=TEXT, name=perhaps(TEXT),
            batch_id=perhaps(identifier("batch")),
        )),
    ),
    "Costs": having(
        batch_id=identifier("batch"), client_id=identifier("client"), **_SPENT, credits=NUMBER,
        steps=many(having(workflow=TEXT, calls=WHOLE, credits=NUMBER, held=WHOLE)),
        client={"type": "object", "properties": _SPENT},
    ),
    "Plan": having(
        items=WHOLE, calls=WHOLE, credits=NUMBER, missing=many(TEXT),
        steps=many(having(
            workflow=TEXT, kind=one_of(Kind), scope=one_of(Scope), items=WHOLE, skipped=WHOLE, unidentified=WHOLE,
            entities=WHOLE, new=WHOLE, known=WHOLE, stale=WHOLE, calls=WHOLE, price=NUMBER, credits=NUMBER,
        )),
    ),
}  # fmt: skip
