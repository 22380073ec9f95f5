"""A person that is known by a surer key in the end has the jobs that were told of it before."""

from services.projector.app import DEFINITION
from services.projector.work import WORKED_AT
from shared.events import EnrichmentReceived, ItemCompleted
from shared.ids import named_id, to_hex
from tests.integration.folding import fold
from tests.integration.log_harness import connected
from tests.integration.projected import opened
from tests.running_servers import Servers
from tests.unit.facts import PERSON_STEP, TENANT, added, fact, launched

BY_NAME, BY_MAIL, BY_PROFILE = (named_id("person", name) for name in ("name", "mail", "profile"))
TOLD = {"first_name": "Ann", "experience": [{"company": "Acme", "company_domain": "acme.com", "start_date": "2020"}]}
ASKED = {"company": "'acme.com'", "client": "NULL", "current": "NULL", "ordinal": "-1", "limit": "100"}


def plan_of(statement: str) -> str:
    person = f"'{to_hex(BY_NAME)}'"
    for name, value in (ASKED | {"person": person}).items():
        statement = statement.replace(f":{name}", value)
    return f"EXPLAIN {statement}"


async def test_a_person_and_its_jobs_find_each_other_whatever_it_was_known_by(servers: Servers, database: str) -> None:
    steps = [fact(ItemCompleted(step, "s"), item=1, entity_id=who) for step, who in enumerate((BY_NAME, BY_MAIL))]
    steps += [fact(ItemCompleted(2, "enrich_person"), item=1, entity_id=BY_PROFILE)]
    said = fact(EnrichmentReceived("enrich_person", None, True, TOLD), entity_id=BY_NAME, batch_id=None)
    events = [launched(*[PERSON_STEP] * 3), added(1, full_name="Ann Ex"), said, *steps]
    await fold(servers, database, DEFINITION, events)
    async with opened(servers, database) as projected:
        (lead,) = (await projected.get("/v1/leads"))["leads"]
        for name in (BY_PROFILE, BY_NAME, lead["lead_id"]):
            (job,) = await projected.get(f"/v1/people/{name}/work-history")
            assert job["company_domain"] == "acme.com"
        (found,) = (await projected.get("/v1/work-history", company="acme.com"))["jobs"]
        assert (found["lead_id"], found["person_full_name"]) == (lead["lead_id"], "Ann Ex")
    async with connected(servers.role_url("projector", database), search_path="projector") as reader:
        await reader.execute("SET ROLE projector_reader")
        await reader.execute("SELECT set_config('leadstream.tenant_id', %s, false)", (to_hex(TENANT),))
        await reader.execute("SET enable_seqscan = off")
        plan = "\n".join(row[0] for row in await (await reader.execute(plan_of(WORKED_AT).encode())).fetchall())
    for index in ("events_entity", "final_leads_pkey", "person_work_history_company"):
        assert index in plan, plan
