"""What an answer sets of an item is there however much of the log comes at once."""

from dataclasses import replace

from services.dispatcher.app import DEFINITION
from shared.envelope import from_json
from tests.integration.folding import fold
from tests.integration.log_harness import logged
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, configured, scheduled, unasked
from tests.unit.facts import COMPANY_STEP, NEXT_BATCH, added, launched

SETTING = replace(COMPANY_STEP, sets={"city": ["city"]})


async def test_a_batch_that_is_launched_with_its_first_step_knows_what_was_answered(
    servers: Servers, database: str
) -> None:
    answer = unasked(ACME)
    answer = replace(answer, payload=replace(answer.payload, answer={"city": "Bonn"}))
    await fold(servers, database, DEFINITION, [configured(), answer])
    later = {"batch_id": NEXT_BATCH}
    events = [launched(SETTING, **later), added(7, company_domain=ACME, **later), scheduled(7, **later)]
    await fold(servers, database, DEFINITION, events)
    ((_, body),) = await logged(servers, database, ["ItemCompleted"])
    assert from_json(body).payload.output == {"city": "Bonn"}
