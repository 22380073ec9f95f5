"""What is longer or more than a table of PostgreSQL takes is kept as far as it goes; its event is no dead letter."""

from random import Random

from services.projector.app import DEFINITION
from shared.events import CustomersListed, EnrichmentReceived, ListedCustomer
from shared.ids import named_id
from tests.integration.folding import fold
from tests.integration.log_harness import connected, logged
from tests.integration.projected import opened
from tests.running_servers import Servers
from tests.unit.facts import COMPANY_STEP, UPLOAD, fact, launched

ANN = named_id("person", "ann")
LONG = "".join(Random(7).choices([chr(letter) for letter in range(0x4E00, 0x9000)], k=900))
PAGE = f"https://www.linkedin.com/company/{LONG[:900]}"


async def test_long_names_and_many_jobs_are_no_dead_letters(servers: Servers, database: str) -> None:
    listed = [ListedCustomer(LONG, None, PAGE), ListedCustomer(30 * LONG, "delta.com", PAGE), ListedCustomer("Beta")]
    jobs = [{"company": LONG, "url": PAGE, "title": "CEO", "start_date": "2024"}]
    jobs += [{"company": f"Firm {number}", "start_date": "2001", "end_date": "2002"} for number in range(40_000)]
    told = EnrichmentReceived("enrich_person", None, True, {"first_name": "Ann", "experience": jobs})
    customers = fact(CustomersListed(UPLOAD, listed, True), batch_id=None)
    await fold(servers, database, DEFINITION, [launched(COMPANY_STEP), customers, fact(told, entity_id=ANN)])
    assert await logged(servers, database, ["EventDeadLettered"]) == []
    async with connected(servers.admin_url(database)) as admin:
        jobs_kept = await (await admin.execute("SELECT count(*) FROM projector.person_work_history")).fetchone()
        assert jobs_kept == (1_000,)
    async with opened(servers, database) as projected:
        found = await projected.get("/v1/work-history/customers")
        assert [(job["title"], job["company_name"]) for job in found["jobs"]] == [("CEO", LONG)]
