"""What another client was answered is lent as the tables have it, whatever comes of its asking for a newer answer."""

from dataclasses import replace

import pytest

from services.dispatcher.app import DEFINITION
from shared.envelope import from_json
from shared.events import BlueprintStep, EnrichmentReceived, TenantConfigured
from tests.integration.folding import fold
from tests.integration.log_harness import logged
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, company_id, configured, scheduled, unasked
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, OTHER_CLIENT, added, fact, launched

LOOKUP = BlueprintStep("lookup_company_from_warehouse", "SYNC", "company")


@pytest.mark.parametrize("asked_and_found_nothing", [False, True])
async def test_an_answer_is_lent_at_its_age_whatever_comes_of_asking_for_a_newer_one(
    servers: Servers, database: str, asked_and_found_nothing: bool
) -> None:
    theirs = {"client_id": OTHER_CLIENT, "batch_id": NEXT_BATCH}
    answer = unasked(ACME, client_id=OTHER_CLIENT, entity_id=company_id(ACME, OTHER_CLIENT))
    answer = replace(answer, payload=replace(answer.payload, body={"provider": "prospeo"}))
    anew = launched(COMPANY_STEP, config={FLOW: {"force_refresh": True}}, hours=1, **theirs)
    row = replace(added(7, 1, NEXT_BATCH, company_domain=ACME), client_id=OTHER_CLIENT)
    leave = fact(TenantConfigured(True), client_id=None, batch_id=None)
    before = [leave, configured(client_id=OTHER_CLIENT), answer, anew, row, scheduled(7, hours=1, **theirs)]
    await fold(servers, database, DEFINITION, before)
    if asked_and_found_nothing:
        nothing = EnrichmentReceived(FLOW, None, False, {})
        await fold(servers, database, DEFINITION, [fact(nothing, entity_id=answer.entity_id, hours=2, **theirs)])
    asking = [launched(LOOKUP), added(0, company_domain=ACME), scheduled(0, blueprint=LOOKUP, hours=3)]
    await fold(servers, database, DEFINITION, asking)
    ((_, body),) = await logged(servers, database, ["AnswerReused"])
    lent = from_json(body).payload
    assert (lent.answer_id, lent.answered_at, lent.provider) == (answer.id, answer.occurred_at, "prospeo")
