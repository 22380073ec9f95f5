"""What webhooks have taken of a tenant, or may have: a POST counts unless it is known not to have arrived. Pure."""

from datetime import datetime

from services.dispatcher import spending
from services.dispatcher.state import Dispatch, DispatchStatus, State, Webhook
from shared.envelope import Event
from shared.events import DispatchRefused, StepDispatched
from shared.record import replace


def taken(state: State, event: Event, payload: StepDispatched) -> None:
    """The webhook has taken one more; two where an earlier POST of the dispatch may have arrived too."""
    _count(state, event, payload.webhook_id, 1 + payload.in_doubt, event.occurred_at)


def perhaps_taken(state: State, event: Event, payload: DispatchRefused, dispatch: Dispatch) -> Dispatch:
    """A POST that had no answer, or was cut off before, may have arrived: it is paid for, and the dispatch in doubt.

    If it was held meanwhile, its batch pays for it all the same: it is held no more, and another try may be.
    """
    if not payload.in_doubt or dispatch.in_doubt or dispatch.sent_at is not None:
        return dispatch
    _count(state, event, payload.webhook_id, 1)
    spending.was_made(state, dispatch)
    status: DispatchStatus = "DUE" if dispatch.status == "HELD" else dispatch.status
    state.dispatches[dispatch.dispatch_id] = doubtful = replace(dispatch, status=status, in_doubt=True)
    return doubtful


def _count(
    state: State, event: Event, webhook_id: str | None, submissions: int, taken_at: datetime | None = None
) -> None:
    if webhook_id is not None:
        key = (webhook_id, event.tenant_id)
        known = state.webhooks.get(key)
        total = (known.taken if known else 0) + submissions
        state.webhooks[key] = Webhook(*key, total, taken_at or (known.taken_at if known else None))
