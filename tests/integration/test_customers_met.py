"""The query for those who worked at customers finds whom the leads say it of, whatever both are known by."""

from itertools import product
from random import Random

from services.projector.app import DEFINITION
from shared.envelope import Event
from shared.events import CustomersListed, EnrichmentReceived, ItemAdded, ItemCompleted, ListedCustomer
from shared.ids import named_id
from tests.integration.folding import fold
from tests.integration.projected import opened
from tests.running_servers import Servers
from tests.unit.facts import PERSON_STEP, UPLOAD, fact, launched

CLIENTS = [named_id("client", f"met {number}") for number in range(10)]
NAMES, HOSTS = (None, "One", "Two"), (None, "one.com", "two.com")
PAGES = (None, "linkedin.com/company/one", "linkedin.com/company/two", "linkedin.com/company/2")
KNOWN_BY = list(product(NAMES, HOSTS, PAGES))[1:]


def history(number: int, client: str) -> list[Event]:
    """A person for each way to know an employer by, and customers drawn, of every second client those first."""
    about = {"client_id": client, "batch_id": named_id("batch", client)}
    leads = [launched(PERSON_STEP, items=len(KNOWN_BY), **about)]
    for row, (name, host, page) in enumerate(KNOWN_BY, 1):
        item, person = named_id("item", client, str(row)), named_id("person", client, str(row))
        job = {"company": name, "company_domain": host, "url": page, "title": "CEO", "start_date": "2024"}
        told = EnrichmentReceived("enrich_person", None, True, {"first_name": "Ann", "experience": [job]})
        leads += [
            fact(ItemAdded(row, {"full_name": f"Ann {row}"}), **about | {"item_id": item}),
            fact(told, entity_id=person, **about | {"batch_id": None}),
            fact(ItemCompleted(0, "enrich_person"), entity_id=person, **about | {"item_id": item}),
        ]
    drawn = [ListedCustomer(*each) for each in Random(number).choices(KNOWN_BY, k=1 + number % 4)]
    listed = fact(CustomersListed(UPLOAD, drawn, True), client_id=client, batch_id=None)
    return [listed, *leads] if number % 2 else [*leads, listed]


async def test_the_query_and_the_leads_agree_on_who_worked_at_a_customer(servers: Servers, database: str) -> None:
    events = [event for number, client in enumerate(CLIENTS) for event in history(number, client)]
    await fold(servers, database, DEFINITION, events)
    met = []
    async with opened(servers, database) as projected:
        for client in CLIENTS:
            asked = {"client_id": client, "is_worked_at_customer": "true", "limit": 100}
            leads = {lead["lead_id"] for lead in (await projected.get("/v1/leads", **asked))["leads"]}
            jobs = (await projected.get("/v1/work-history/customers", client_id=client))["jobs"]
            assert {job["lead_id"] for job in jobs} == leads
            met.append(len(leads))
    assert max(met) < len(KNOWN_BY)
    assert min(met) > 0
