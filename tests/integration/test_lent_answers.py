"""What another client was answered is lent as the tables have it, also while that client asks for a newer answer."""

from dataclasses import replace

from services.dispatcher.app import DEFINITION
from shared.envelope import from_json
from shared.events import BlueprintStep, TenantConfigured
from tests.integration.folding import fold
from tests.integration.log_harness import logged
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, company_id, configured, scheduled, unasked
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, OTHER_CLIENT, added, fact, launched

LOOKUP = BlueprintStep("lookup_company_from_warehouse", "SYNC", "company")


async def test_an_answer_is_lent_while_a_newer_one_is_asked_for(servers: Servers, database: str) -> None:
    theirs = {"client_id": OTHER_CLIENT, "batch_id": NEXT_BATCH}
    answer = unasked(ACME, client_id=OTHER_CLIENT, entity_id=company_id(ACME, OTHER_CLIENT))
    anew = launched(COMPANY_STEP, config={FLOW: {"force_refresh": True}}, hours=1, **theirs)
    row = replace(added(7, 1, NEXT_BATCH, company_domain=ACME), client_id=OTHER_CLIENT)
    leave = fact(TenantConfigured(True), client_id=None, batch_id=None)
    before = [leave, configured(client_id=OTHER_CLIENT), answer, anew, row, scheduled(7, hours=1, **theirs)]
    await fold(servers, database, DEFINITION, before)
    asking = [launched(LOOKUP), added(0, company_domain=ACME), scheduled(0, blueprint=LOOKUP, hours=2)]
    await fold(servers, database, DEFINITION, asking)
    ((_, body),) = await logged(servers, database, ["AnswerReused"])
    assert from_json(body).payload.answer_id == answer.id
