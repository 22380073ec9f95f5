"""An answer that comes when nobody waits for it any more, to a dispatcher that has just started."""

from services.dispatcher.app import DEFINITION
from shared.envelope import from_json
from shared.events import EnrichmentReceived
from tests.integration.folding import fold
from tests.integration.log_harness import logged
from tests.running_servers import Servers
from tests.unit.dispatching import ACME, FLOW, at_company, current, next_batch, one_waits, scheduled, sent, timed_out
from tests.unit.facts import fact, item_id


async def test_an_answer_that_names_the_item_alone_is_kept_for_its_company(servers: Servers, database: str) -> None:
    call = current(one_waits(), ACME)
    await fold(servers, database, DEFINITION, [*at_company(ACME), scheduled(0), sent(call), timed_out(call)])
    late = fact(EnrichmentReceived(FLOW, None, True, {"name": "Acme"}), entity_id=item_id(0), hours=1)
    await fold(servers, database, DEFINITION, [late])
    await fold(servers, database, DEFINITION, next_batch(7))
    ((_, body),) = await logged(servers, database, ["ItemCompleted"])
    assert (from_json(body).item_id, from_json(body).payload.answer_id) == (item_id(7), late.id)
