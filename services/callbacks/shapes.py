"""What the callbacks API answers are made of."""

from typing import Final

from services.callbacks.store import REJECTED
from shared.runtime.shapes import MOMENT, TEXT, TRUTH, WHOLE, Shape, having, identifier, many, perhaps, row

SHAPES: Final[dict[str, Shape]] = {
    "Accepted": having(accepted=TRUTH, events=many(identifier("evt"))),
    "RejectedCallback": row(REJECTED, read_again=TRUTH),
    "RejectedCallbackWhole": having(
        event_id=identifier("evt"), client_id=perhaps(identifier("client")), rejected_at=MOMENT, code=TEXT, reason=TEXT,
        workflow=perhaps(TEXT), dispatch_id=perhaps(identifier("disp")), bytes=WHOLE, content_type=perhaps(TEXT),
        encoding=perhaps(TEXT), body=TEXT,
    ),
    "ReadAgain": having(events=many(identifier("evt")), position=WHOLE),
}  # fmt: skip
