"""What the sequencer's API answers are made of."""

from typing import Final

from services.sequencer.state import BatchStatus, ItemStatus, StepStatus
from services.sequencer.store import BATCH, ITEM, STEP
from shared.runtime.shapes import TEXT, WHOLE, Shape, by_name, having, many, one_of, perhaps, row

_BATCH: Final = {"blueprint": many(TEXT), "status": one_of(BatchStatus)}
_COUNTED: Final = having(step=WHOLE, workflow=TEXT, counts=by_name(WHOLE), skipped=by_name(WHOLE))
_STEP: Final = row(STEP, status=one_of(StepStatus))
_LATEST: Final = {name: perhaps(shape) for name, shape in (("workflow", TEXT), ("attempts", WHOLE), ("code", TEXT))}
SHAPES: Final[dict[str, Shape]] = {
    "Batch": row(BATCH, **_BATCH),
    "BatchAndSteps": row(BATCH, **_BATCH, steps=many(_COUNTED)),
    "Item": row(ITEM, status=one_of(ItemStatus), **_LATEST, reason=perhaps(TEXT)),
    "ItemAndSteps": row(ITEM, status=one_of(ItemStatus), steps=many(_STEP)),
}
