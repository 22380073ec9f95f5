"""Leads over HTTP: filters, words, orders, pages, facets and files, all of the same leads; who worked where."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pyarrow.parquet
import pytest
from python_calamine import CalamineWorkbook

from services.projector import handlers
from services.projector.app import DEFINITION
from services.projector.filters import Order, Place
from services.projector.formats import FORMATS, HEADER
from services.projector.parameters import cursor, placed
from shared.ids import named_id
from tests.integration.folding import fold
from tests.integration.log_harness import connected
from tests.integration.projected import Projected, history, opened
from tests.running_servers import Servers
from tests.unit.facts import BATCH, CLIENT, NEXT_BATCH, OTHER_CLIENT, UPLOAD, item_id


@pytest.fixture(scope="module")
def folded(servers: Servers, shared_database: str) -> str:
    asyncio.run(fold(servers, shared_database, DEFINITION, history()))
    return shared_database


@pytest.fixture
async def projected(servers: Servers, folded: str) -> AsyncIterator[Projected]:
    async with opened(servers, folded) as found:
        yield found


def names(found: dict[str, Any]) -> list[str]:
    return [lead["person_full_name"].split()[0] for lead in found["leads"]]


@pytest.mark.parametrize(("query", "wanted"), [
    ({}, "Ann Bob Cy Dan"), ({"client_id": CLIENT}, "Ann Bob Cy"), ({"batch_id": NEXT_BATCH}, "Dan"),
    ({"company_name": "acme"}, "Ann Cy"), ({"company_name": ["Acme", "BETA"]}, "Ann Bob Cy"),
    ({"company_name": "Acme", "person_title": "CTO"}, "Cy"), ({"company_technologies": "JIRA"}, "Cy"),
    ({"company_technologies": ["x", "slack"]}, "Cy"), ({"company_city": "İstanbul"}, "Dan"), ({"q": "İstan"}, "Dan"),
    ({"company_employee_count.min": 40}, "Ann Dan"), ({"company_employee_count.max": 40}, "Ann"),
    ({"company_employee_count": 900}, "Dan"), ({"company_size_bucket": "501-1000"}, "Dan"),
    ({"known": "company_country"}, "Bob Dan"), ({"unknown": "company_country,company_technologies"}, "Ann"),
    ({"q": "acme c"}, "Ann Cy"), ({"q": "a@ACME.com"}, "Ann"), ({"q": "ä"}, "Dan"), ({"q": "100% _"}, ""),
    ({"is_worked_at_customer": "true"}, "Ann Bob Cy"), ({"is_worked_at_customer": "false"}, ""),
    ({"known": ["company_country", "company_city"]}, "Dan"), ({"q": ["acme", "c"]}, "Ann Cy"),
    ({"outcome": "failed"}, ""), ({"contradicted": "true"}, "Ann Bob Cy"),
    ({"contradicted": "false"}, "Dan"),
    ({"person_current_job_start_date.min": "2023-01-01"}, "Ann"),
])  # fmt: skip
async def test_which_leads(projected: Projected, query: dict[str, Any], wanted: str) -> None:
    assert " ".join(names(await projected.get("/v1/leads", **query))) == wanted
    assert (await projected.get("/v1/leads/facets", **query))["total"] == len(wanted.split())
    lines = (await projected.file(format="jsonl", columns="person_full_name", **query)).splitlines()
    assert [json.loads(line)["person_full_name"].split()[0] for line in lines] == wanted.split()


@pytest.mark.parametrize(("sort", "wanted"), [
    (None, "Ann Bob Cy Dan"), ("company_employee_count", "Ann Dan Bob Cy"),
    ("-company_employee_count", "Dan Ann Bob Cy"),
    ("-company_name", "Bob Ann Cy Dan"), ("person_current_job_start_date", "Cy Bob Ann Dan"),
    ("is_worked_at_customer", "Ann Bob Cy Dan"),
])  # fmt: skip
@pytest.mark.parametrize("limit", [1, 2, 3, 10])
async def test_every_order_a_page_at_a_time(projected: Projected, sort: str | None, wanted: str, limit: int) -> None:
    found: list[str] = []
    query: dict[str, Any] = {"limit": limit} | ({"sort": sort} if sort else {})
    while True:
        page = await projected.get("/v1/leads", **query)
        found += names(page)
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert " ".join(found) == wanted


async def test_facets_say_which_filters_have_data(projected: Projected) -> None:
    found = await projected.get("/v1/leads/facets", client_id=CLIENT)
    assert found["values"]["company_country"] == [{"value": "Germany", "leads": 1}]
    assert found["values"]["source_workstream"] == [{"value": "apollo_scrape", "leads": 3}]
    assert (found["known"]["person_email"], "company_state" in found["known"]) == (1, False)
    assert "company_state" not in found["values"]


@pytest.mark.parametrize(("query", "code"), [
    ({"company_nme": "Acme"}, "unknown_parameter"), ({"known": "x"}, "unknown_column"),
    ({"columns": "x"}, "unknown_column"), ({"sort": "company_technologies"}, "invalid_sort"),
    ({"after": "x"}, "invalid_cursor"), ({"after": "WzFd"}, "invalid_cursor"),
    ({"company_employee_count": "many"}, "invalid_filter"), ({"is_new_in_role": "maybe"}, "invalid_filter"),
    ({"person_current_job_start_date.min": "soon"}, "invalid_filter"), ({"client_id": "x"}, "invalid_id"),
    ({"client_id": ""}, "invalid_id"), ({"q": "a\0"}, "invalid_filter"), ({"company_name": "\0"}, "invalid_filter"),
    ({"limit": 0}, "invalid"), ({"company_employee_count.min": [1, 9]}, "invalid_filter"),
    ({"client_id": [CLIENT, CLIENT]}, "invalid_filter"), ({"q": "w " * 21}, "invalid_filter"),
])  # fmt: skip
async def test_what_cannot_be_asked_is_refused_with_what_can(projected: Projected, query: Any, code: str) -> None:
    assert await projected.refusal("/v1/leads", **query) == (422, code)


@pytest.mark.parametrize(("path", "unknown"), [
    ("", "format"), ("/facets", "limit"), ("/facets", "sort"), ("/facets", "after"), ("/facets", "columns"),
    ("/export", "limit"), ("/export", "sort"), ("/export", "after"),
])  # fmt: skip
async def test_a_route_refuses_what_it_does_not_know(projected: Projected, path: str, unknown: str) -> None:
    assert await projected.refusal(f"/v1/leads{path}", **{unknown: "1"}) == (422, "unknown_parameter")


@pytest.mark.parametrize("path", ["", "/facets", "/export"])
async def test_a_batch_that_nobody_launched_is_unknown(projected: Projected, path: str) -> None:
    assert await projected.refusal(f"/v1/leads{path}", batch_id=named_id("batch", "nobody")) == (404, "not_found")


@pytest.mark.parametrize(("column", "value"), [
    ("company_employee_count", True), ("company_employee_count", "5"), ("company_employee_count", 5.0),
    ("company_name", 5), ("company_name", True), ("company_name", ["x"]), ("is_new_in_role", "true"),
    ("is_new_in_role", 1), ("person_current_job_start_date", 20200101), ("person_current_job_start_date", "soon"),
])  # fmt: skip
async def test_a_cursor_has_values_of_its_column(projected: Projected, column: str, value: Any) -> None:
    after = cursor(Place(value, BATCH, 5), Order(column))
    assert await projected.refusal("/v1/leads", after=after, sort=column) == (422, "invalid_cursor")


def test_a_cursor_keeps_as_many_digits_as_the_column_has() -> None:
    order = Order("company_employee_count")
    assert placed(cursor(Place(2**40, BATCH, 5), order), order) == Place(2**40, BATCH, 5)


async def test_a_cursor_is_for_its_own_order(projected: Projected) -> None:
    following = (await projected.get("/v1/leads", limit=1))["next"]
    assert await projected.refusal("/v1/leads", after=following, sort="company_name") == (422, "invalid_cursor")


async def test_a_lead_says_of_each_value_where_it_comes_from(projected: Projected) -> None:
    (told,) = (await projected.get("/v1/leads", q="Ann"))["leads"]
    lead = await projected.get(f"/v1/leads/{told['lead_id']}")
    assert set(lead["provenance"]) == {name for name in HEADER[3:] if lead[name] is not None}
    assert lead["provenance"]["person_email"]["source"] == "upload"
    assert (lead["provenance"]["person_headline"]["workflow"], lead["provenance"]["person_headline"]["provider"]) == (
        "enrich_person", "clay",
    )  # fmt: skip
    assert lead["provenance"]["is_worked_at_customer"]["customer"] == "gamma.com"
    assert [each["kind"] for each in lead["contradictions"]] == ["employer"]
    (told,) = lead["entities"]
    assert (told["entity_id"], told["basis"], told["workflow"]) == (lead["person_id"], None, "enrich_person")
    assert await projected.get(f"/v1/items/{lead['item_id']}/entities") == lead["entities"]


async def test_a_csv_is_safe_to_open(projected: Projected) -> None:
    rows = list(csv.DictReader(io.StringIO((await projected.file(client_id=CLIENT)).decode())))
    assert list(rows[0]) == list(HEADER)
    assert [row["person_title"] for row in rows] == ["CEO", "'=HYPERLINK(1)", "CTO"]
    assert rows[2]["company_technologies"] == "Slack; Jira"
    empty = (await projected.file(columns="row,company_name", outcome="failed")).decode()
    assert empty == "lead_id,row,company_name\r\n"


async def test_a_workbook_has_the_leads_with_their_types(projected: Projected) -> None:
    names_ = "person_title,company_employee_count,is_worked_at_customer,person_current_job_start_date"
    content = await projected.file(format="xlsx", columns=names_, batch_id=BATCH)
    header, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name("leads").to_python()
    assert header == ["lead_id", *names_.split(",")]
    assert [(row[1], row[2], row[3], str(row[4])) for row in rows] == [
        ("CEO", 40, True, "2024-01-01"), ("=HYPERLINK(1)", "", True, "2022-01-01"), ("CTO", "", True, "2021-01-01"),
    ]  # fmt: skip


async def test_a_parquet_file_has_the_leads_with_their_types(projected: Projected) -> None:
    table = pyarrow.parquet.read_table(io.BytesIO(await projected.file(format="parquet")))
    assert table.column_names == list(HEADER)
    assert table["company_technologies"].to_pylist()[2] == ["Slack", "Jira"]
    assert table["company_employee_count"].to_pylist() == [40, None, None, 900]
    assert str(table.schema.field("person_current_job_start_date").type) == "date32[day]"


async def test_every_column_that_may_be_asked_for_is_in_every_file(projected: Projected) -> None:
    (lead,) = (await projected.get("/v1/leads", q="Ann"))["leads"]
    files = {form: await projected.file(format=form, columns=",".join(lead), q="Ann") for form in FORMATS}
    (told,) = csv.DictReader(io.StringIO(files["csv"].decode()))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"])).get_sheet_by_name("leads").to_python()
    cells = dict(zip(*sheet, strict=True))
    (row,) = pyarrow.parquet.read_table(io.BytesIO(files["parquet"])).to_pylist()
    for name in ("provenance", "contradictions"):
        assert [json.loads(each[name]) for each in (told, cells, row)] == [lead[name]] * 3
    assert row["projected_at"].isoformat() == lead["projected_at"].replace("Z", "+00:00")
    assert cells["projected_at"].isoformat()[:19] == lead["projected_at"][:19]
    assert list(told) == list(cells) == list(row) == list(lead)
    assert json.loads(files["jsonl"]).keys() == lead.keys()


async def people(projected: Projected, path: str, **query: Any) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    while True:
        page = await projected.get(path, limit=1, **query)
        found += [(each["person_full_name"].split()[0], each["company_name"]) for each in page["jobs"]]
        if page["next"] is None:
            return sorted(found)
        query["after"] = page["next"]


ANN_BOB_CY = [("Ann", "Acme Inc"), ("Bob", "Acme"), ("Cy", "ACME")]


@pytest.mark.parametrize(("query", "wanted"), [
    ({"company": "acme.com"}, ANN_BOB_CY), ({"company": "https://linkedin.com/company/acme/"}, ANN_BOB_CY),
    ({"company": "Acme, Inc."}, ANN_BOB_CY), ({"company": "acme.com", "current": "true"}, ANN_BOB_CY[1:2]),
    ({"company": "acme.com", "client_id": OTHER_CLIENT}, []), ({"company": "nobody.com"}, []),
])  # fmt: skip
async def test_who_worked_at_a_company(projected: Projected, query: Any, wanted: list[tuple[str, str]]) -> None:
    assert await people(projected, "/v1/work-history", **query) == wanted


async def test_who_worked_at_a_customer(projected: Projected) -> None:
    found = await people(projected, "/v1/work-history/customers")
    assert found == [("Ann", "Gamma"), ("Bob", "Gamma GmbH"), ("Cy", "Delta")]
    assert await people(projected, "/v1/work-history/customers", client_id=OTHER_CLIENT) == []


async def test_customers_are_listed_without_those_removed(projected: Projected) -> None:
    first = await projected.get("/v1/customers", client_id=CLIENT, limit=1)
    assert first["customers"] == [
        {"customer": "delta", "name": "Delta Inc", "known_by": ["delta"], "uploads": [UPLOAD]}
    ]
    rest = await projected.get("/v1/customers", client_id=CLIENT, after=first["next"])
    assert ([each["customer"] for each in rest["customers"]], rest["next"]) == (["gamma.com"], None)
    assert (await projected.get("/v1/customers", client_id=OTHER_CLIENT))["customers"] == []


@pytest.mark.parametrize(("origin", "target", "wanted"), [
    ("acme.com", "gamma.com", [("Ann", "Gamma")]), ("gamma.com", "acme.com", [("Bob", "Acme")]),
    ("Acme", "Delta", [("Cy", "Delta")]), ("delta.com", "acme.com", []), ("acme.com", "acme.com", []),
])  # fmt: skip
async def test_who_moved_from_one_company_to_another(
    projected: Projected, origin: str, target: str, wanted: list[tuple[str, str]]
) -> None:
    assert await people(projected, "/v1/moves", **{"from": origin, "to": target}) == wanted
    (first,) = (await projected.get("/v1/moves", **{"from": "Acme", "to": "Delta"}))["jobs"]
    assert (first["from_company_name"], first["person_full_name"], first["lead_id"][:5]) == ("ACME", "Cy Zed", "lead_")


async def test_what_is_no_company_is_refused(projected: Projected) -> None:
    assert await projected.refusal("/v1/work-history", company="...") == (422, "invalid_company")


async def test_a_person_is_found_by_lead_or_id(projected: Projected) -> None:
    (lead,) = (await projected.get("/v1/leads", q="Cy"))["leads"]
    by_lead, by_person = [
        await projected.get(f"/v1/people/{name}/work-history") for name in (lead["lead_id"], lead["person_id"])
    ]
    assert by_lead == by_person
    assert [each["company_name"] for each in by_lead] == ["Delta", "ACME"]
    assert lead["item_id"] == item_id(2)


async def test_answers_that_nothing_was_read_from_are_listed_and_shown_whole(projected: Projected) -> None:
    listed = {each["workflow"]: each for each in await projected.get("/v1/answers/unread")}
    assert {name: each["columns"] for name, each in listed.items()} == {"score": 0, "look": 0}
    assert await projected.get("/v1/answers/unread", client_id=OTHER_CLIENT) == []
    whole = {name: await projected.get(f"/v1/answers/{each['answer_id']}") for name, each in listed.items()}
    assert {name: each["payload"]["answer"]["Ort"] for name, each in whole.items()} == {"score": "Bonn", "look": "Ulm"}
    assert await projected.refusal(f"/v1/answers/{named_id('evt', 'none')}") == (404, "not_found")


async def test_a_company_s_lead_has_no_work_history(projected: Projected, monkeypatch: pytest.MonkeyPatch) -> None:
    (lead,) = (await projected.get("/v1/leads", limit=1))["leads"]

    async def of_a_company(*_: Any) -> dict[str, Any]:
        return lead | {"person_id": None}

    monkeypatch.setattr(handlers, "lead", of_a_company)
    assert await projected.get(f"/v1/people/{lead['lead_id']}/work-history") == []


async def test_an_item_that_is_not_there_is_about_nobody(projected: Projected) -> None:
    assert await projected.refusal(f"/v1/items/{item_id(99)}/entities") == (404, "not_found")


async def test_a_file_that_cannot_be_read_is_not_begun(projected: Projected, servers: Servers, folded: str) -> None:
    async with connected(servers.admin_url(folded)) as admin:
        await admin.execute("ALTER TABLE projector.final_leads RENAME TO away")
        try:
            answer = await projected.http.get("/v1/leads/export")
        finally:
            await admin.execute("ALTER TABLE projector.away RENAME TO final_leads")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
