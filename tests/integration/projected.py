"""The projector's HTTP application over tables folded from a log, without a process around it; a log to fold."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.projector import api
from services.projector.app import DEFINITION
from shared.envelope import Event
from shared.events import (
    AnswerReused,
    CustomersListed,
    CustomersRemoved,
    EnrichmentReceived,
    ItemCompleted,
    ListedCustomer,
)
from shared.ids import named_id
from shared.runtime.appender import Appender
from shared.runtime.queries import Queries
from tests.integration.log_harness import settings_of
from tests.running_servers import Servers
from tests.unit.facts import (
    BATCH,
    CLIENT,
    COMPANY_STEP,
    NEXT_BATCH,
    OTHER_CLIENT,
    PERSON_STEP,
    START,
    UPLOAD,
    added,
    fact,
    launched,
)

ROWS = [
    {
        "full_name": "Ann Ex",
        "title": "CEO",
        "company_name": "Acme",
        "company_employee_count": "40",
        "email": "a@acme.com",
    },
    {"full_name": "Bob Why", "title": "=HYPERLINK(1)", "company_name": "Beta", "company_country": "Germany"},
    {"full_name": "Cy Zed", "title": "CTO", "company_name": "Acme", "company_technologies": "Slack, Jira"},
    {"full_name": "Dan Ä", "company_country": "US", "company_employee_count": "900", "company_city": "İSTANBUL"},
]


def job(name: str, start: str, domain: str | None = None, end: str | None = None, **more: Any) -> dict[str, Any]:
    return {"company": name, "start_date": start, "end_date": end, "company_domain": domain, **more}


JOBS = {
    0: [
        job("Gamma", "2024", "gamma.com"),
        job("Acme Inc", "2020", "acme.com", "2023", url="linkedin.com/company/acme"),
    ],
    1: [job("Acme", "2022"), job("Gamma GmbH", "2015", "gamma.com", "2021")],
    2: [job("Delta", "2021", "delta.com"), job("ACME", "2019", end="2020", url="linkedin.com/company/acme")],
}


def history() -> list[Event]:
    """Leads of two clients, what was answered about them, and customers that came and went."""
    steps = (COMPANY_STEP, PERSON_STEP)
    events = [launched(*steps, items=3), launched(*steps, items=1, batch_id=NEXT_BATCH, client_id=OTHER_CLIENT)]
    for number, row in enumerate(ROWS):
        about = {"batch_id": BATCH} if number < 3 else {"batch_id": NEXT_BATCH, "client_id": OTHER_CLIENT}
        born = fact(added(number + 1, **row).payload, item=number, **about)
        person = named_id("person", str(number))
        firm = fact(ItemCompleted(0, "enrich_company"), item=number, **about)
        last = fact(ItemCompleted(1, "enrich_person"), item=number, entity_id=person, hours=number, **about)
        told = {"first_name": "X", "headline": "Y", "experience": JOBS.get(number, [])}
        answer = EnrichmentReceived("enrich_person", None, True, told)
        said = fact(answer, entity_id=person, batch_id=None, client_id=about.get("client_id", CLIENT), nth=number)
        events += [born, said, firm, *(_rated(person) if number == 3 else ()), last]
    odd = EnrichmentReceived("score", None, True, {"Ort": "Bonn"})
    lent = AnswerReused("look", named_id("evt", "lent"), OTHER_CLIENT, "domain", "x.de", START, {"Ort": "Ulm"})
    events += [fact(told, entity_id=named_id("company", "odd"), batch_id=None) for told in (odd, lent)]
    customers = CustomersListed(UPLOAD, [ListedCustomer("Delta Inc"), ListedCustomer(domain="gamma.com")], True)
    lost = CustomersListed(UPLOAD, [ListedCustomer("Acme", "acme.com"), ListedCustomer("Acme GmbH", "acme.de")], True)
    gone = CustomersRemoved([ListedCustomer("ACME")], reason="they left")
    return [*events, *(fact(payload, batch_id=None) for payload in (lost, customers, gone))]


def _rated(person: str) -> list[Event]:
    """What no column is read from, and a step of the other client's item sets a field from."""
    about: dict[str, Any] = {"batch_id": NEXT_BATCH, "client_id": OTHER_CLIENT, "entity_id": person, "item": 3}
    said = fact(EnrichmentReceived("rate", None, True, {"Note": 5}), **about)
    return [said, fact(ItemCompleted(0, "rate", {"note": 5}, said.id, found=True), **about)]


class Projected:
    """Asks the API."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str, **query: Any) -> Any:
        """The JSON that a GET answers."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, key: str | None = None, **query: Any) -> httpx.Response:
        """The answer to a POST."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(path, params=query, json=body, headers=headers)

    async def refusal(self, path: str, **query: Any) -> tuple[int, str]:
        """Status and code of a GET that is refused."""
        answer = await self.http.get(path, params=query)
        return answer.status_code, answer.json()["error"]["code"]

    async def file(self, **query: Any) -> bytes:
        """An export, whole."""
        answer = await self.http.get("/v1/leads/export", params=query)
        assert answer.status_code == 200, answer.text
        return answer.content


@asynccontextmanager
async def opened(servers: Servers, database: str, tenant: str = "agency") -> AsyncIterator[Projected]:
    """The application; of the tenant that facts are about, unless another is named."""
    settings = settings_of(servers, database, "projector").model_copy(update={"tenant": tenant})
    queries = Queries(settings, "projector", DEFINITION.reads)
    appender = Appender(settings.database_url.get_secret_value(), "projector")
    transport = httpx.ASGITransport(api.build(settings, queries, appender))
    async with httpx.AsyncClient(transport=transport, base_url="http://projector") as http:
        yield Projected(http)
    await appender.close()
    await queries.close()
