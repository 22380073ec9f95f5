"""What a call, its refusal, its missing answer and its answer state as their cause: an event that there is, or none."""

import orjson
import pytest

from services.callbacks.body import answers_in, parsed
from services.callbacks.receipt import Sender, received
from services.dispatcher.deadlines import _timed_out
from services.dispatcher.due import Due
from services.dispatcher.posting import Post, recorded
from services.dispatcher.webhooks import Limits, Webhook
from shared.envelope import caused_id, outcome_id
from shared.events import DispatchRefused, StepDispatched
from shared.ids import derive_id, named_id, to_hex
from shared.outcomes import Refusal
from shared.tokens import CallbackToken
from tests.unit.dispatching import ACME, at_company, current, dispatcher, scheduled
from tests.unit.facts import START

DISPATCH = current(dispatcher(*at_company(ACME)).when(scheduled(0)), ACME)
SENT = outcome_id(DISPATCH.dispatch_id)


@pytest.mark.parametrize(
    ("refusal", "payload"), [(None, StepDispatched), (Refusal("API_ERROR", "no", None), DispatchRefused)]
)
def test_what_came_of_a_post_has_its_id_of_old_and_names_no_event_that_is_none(
    refusal: Refusal | None, payload: type
) -> None:
    post = Post(Due(DISPATCH, {}, {}), Webhook("http://a", Limits()), in_doubt=False)
    event = recorded(post, refusal, START)
    assert event.id == caused_id(derive_id("evt", DISPATCH.dispatch_id, "sent"), payload)
    assert event.causation_id is None
    assert (event.id == SENT) == (payload is StepDispatched)


def test_a_missing_answer_follows_from_the_call() -> None:
    ids = (DISPATCH.dispatch_id, DISPATCH.tenant_id, DISPATCH.client_id, DISPATCH.batch_id, DISPATCH.item_id)
    event = _timed_out([*map(to_hex, ids), DISPATCH.entity_id, DISPATCH.workflow, 1, 0, {}])
    assert event.causation_id == SENT


def test_an_answer_follows_from_the_call_that_its_url_was_given_out_with_or_that_it_names() -> None:
    token = CallbackToken(
        DISPATCH.dispatch_id, DISPATCH.tenant_id, DISPATCH.client_id, DISPATCH.batch_id, DISPATCH.item_id,
        DISPATCH.entity_id, DISPATCH.workflow, 2**40,
    )  # fmt: skip
    named = {"dispatch_id": DISPATCH.dispatch_id}
    for known, ids, cause in ((token, {}, SENT), (None, named, SENT), (None, {}, None)):
        whole = parsed(orjson.dumps({"name": "Acme"} | ids))
        sender = Sender(DISPATCH.tenant_id, DISPATCH.client_id, DISPATCH.workflow, known)
        (event,) = received(sender, answers_in(whole), whole, START, lambda: named_id("evt", "1"))
        assert event.causation_id == cause
