"""Leads and work histories over HTTP."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from services.projector import facets, handlers, parameters, push_api, work
from services.projector.formats import FORMATS, HEADER
from services.projector.handlers import PAGE
from services.projector.parameters import AskedAsFile, AskedInPages, AskedWhole, Unaskable
from services.projector.shapes import SHAPES, page
from shared.ids import optional, parse_id
from shared.runtime.appender import Appender
from shared.runtime.http import AfterId, Asking, Fresh, Problem, application, files
from shared.runtime.http_errors import error_response
from shared.runtime.queries import Queries
from shared.runtime.settings import Settings
from shared.runtime.shapes import answers, many, named

ROUTES: Final = APIRouter()
Limit = Annotated[int, Query(ge=1, le=PAGE)]
After = Annotated[str | None, Query(description="the `next` of the page before")]
Columns = Annotated[str | None, Query(description="names with commas; none: all")]


def build(settings: Settings, queries: Queries, appender: Appender) -> FastAPI:
    """The projector's HTTP application."""
    app = application("projector", "The leads, and who worked where.", SHAPES)
    app.state.settings, app.state.queries, app.state.appender = settings, queries, appender
    app.add_exception_handler(Unaskable, _unaskable)
    app.include_router(ROUTES)
    app.include_router(push_api.ROUTES)
    return app


async def _unaskable(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Unaskable)
    return error_response(422, error.code, str(error))


@ROUTES.get("/v1/leads", **answers(page("leads", named("Lead")), **parameters.documented()))
async def leads(
    queries: Fresh,
    caller: Asking,
    wanted: AskedInPages,
    sort: Annotated[
        str | None, Query(description="a column, with - before it for descending; none: batch, row")
    ] = None,
    after: After = None,
    limit: Limit = 50,
    columns: Columns = None,
) -> dict[str, Any]:
    """Leads that meet every filter, a page at a time."""
    order = parameters.order(sort)
    place, names = parameters.placed(after, order), parameters.columns(columns)
    await handlers.batch_is_there(queries, caller.tenant_id, wanted)
    rows, following = await handlers.leads(queries, caller.tenant_id, wanted, order, place, limit, names)
    return {"leads": rows, "next": parameters.cursor(following, order) if following else None}


@ROUTES.get("/v1/leads/facets", **answers(named("Facets"), **parameters.documented()))
async def lead_facets(queries: Fresh, caller: Asking, wanted: AskedWhole) -> dict[str, Any]:
    """Among these leads: how many know each column, and the most frequent values of those with few."""
    await handlers.batch_is_there(queries, caller.tenant_id, wanted)
    return await facets.facets(queries, caller.tenant_id, wanted)


@ROUTES.get(
    "/v1/leads/export", openapi_extra=parameters.documented(), response_class=StreamingResponse,
    responses={200: files(*(form.media_type for form in FORMATS.values()))},
)  # fmt: skip
async def export_leads(
    queries: Fresh,
    caller: Asking,
    wanted: AskedAsFile,
    format: Literal["csv", "jsonl", "xlsx", "parquet"] = "csv",  # noqa: A002 - the parameter's name
    columns: Columns = None,
) -> StreamingResponse:
    """All these leads as a file, as it is written; CSV and workbooks are safe to open in a spreadsheet."""
    form, names = FORMATS[format], parameters.columns(columns, HEADER)
    await handlers.batch_is_there(queries, caller.tenant_id, wanted)
    body = await handlers.exported(queries, caller.tenant_id, wanted, form, names)
    attached = {"content-disposition": f'attachment; filename="leads.{format}"'}
    return StreamingResponse(body, media_type=form.media_type, headers=attached)


@ROUTES.get("/v1/leads/{lead_id}", **answers(named("LeadWhole")))
async def lead(queries: Fresh, caller: Asking, lead_id: str) -> dict[str, Any]:
    """One lead, where each of its columns comes from, and what told that it is about its company and person."""
    lead_id = parse_id("lead", lead_id)
    found = await handlers.lead(queries, caller.tenant_id, lead_id)
    if found is None:
        raise Problem(404, "not_found", f"no lead {lead_id}")
    return found


@ROUTES.get("/v1/items/{item_id}/entities", **answers(many(named("Evidence"))))
async def entities(queries: Fresh, caller: Asking, item_id: str) -> list[dict[str, Any]]:
    """What told that an item is about its company and its person: basis, key, and the fields they were taken from."""
    item_id = parse_id("item", item_id)
    found = await handlers.entities(queries, caller.tenant_id, item_id)
    if found is None:
        raise Problem(404, "not_found", f"no item {item_id}")
    return found


@ROUTES.get("/v1/customers", **answers(page("customers", named("Customer"))))
async def customers(
    queries: Fresh, caller: Asking, client_id: str, after: After = None, limit: Limit = 100
) -> dict[str, Any]:
    """A client's own customers, as its lists have them; its leads are held against these."""
    found = await handlers.customers(queries, caller.tenant_id, parse_id("client", client_id), after or "", limit)
    return {"customers": found, "next": found[-1]["customer"] if len(found) == limit else None}


@ROUTES.get("/v1/answers/unread", **answers(many(named("UnreadAnswer"))))
async def unread(
    queries: Fresh, caller: Asking, client_id: str | None = None, after: AfterId = None, limit: Limit = 100
) -> list[dict[str, Any]]:
    """The answers in force that no column was read from, and from which the step that asked has set no field.

    An `answer_mapping` can say where they have what.
    """
    client, place = optional(parse_id, "client", client_id), optional(parse_id, "evt", after)
    return await handlers.unread(queries, caller.tenant_id, client, place, limit)


@ROUTES.get("/v1/answers/{answer_id}", **answers(named("Event")))
async def answer(queries: Fresh, caller: Asking, answer_id: str) -> dict[str, Any]:
    """An answer, whole: its event, whatever was read from it."""
    found: dict[str, Any] | None = await handlers.answer(queries, caller.tenant_id, parse_id("evt", answer_id))
    if found is None:
        raise Problem(404, "not_found", f"no answer {answer_id}")
    return found


@ROUTES.get("/v1/people/{person_id}/work-history", **answers(many(named("Job"))))
async def work_history(queries: Fresh, caller: Asking, person_id: str) -> list[dict[str, Any]]:
    """Every job of a person (`person_...`, or the `lead_...` of one), the most recent first; a company's has none."""
    if person_id.strip().lower().startswith("lead_"):
        about = await lead(queries, caller, person_id)
        if about["person_id"] is None:
            return []
        person_id = about["person_id"]
    return await handlers.work_history(queries, caller.tenant_id, parse_id("person", person_id))


@ROUTES.get("/v1/work-history", **answers(page("jobs", named("Person"))))
async def worked_at(
    queries: Fresh,
    caller: Asking,
    company: Annotated[str, Query(description="a domain, a LinkedIn page or a name", max_length=500)],
    client_id: str | None = None,
    current: Annotated[bool | None, Query(description="only present jobs, or only past ones")] = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Who works or worked at a company, with how to reach them now."""
    key, client = _company(company), optional(parse_id, "client", client_id)
    mark = _mark(after)
    return _page(await work.worked_at(queries, caller.tenant_id, key, client, current, mark, limit), limit)


@ROUTES.get("/v1/work-history/customers", **answers(page("jobs", named("PersonAtCustomer"))))
async def worked_at_customers(
    queries: Fresh,
    caller: Asking,
    client_id: str | None = None,
    current: Annotated[bool | None, Query(description="only present jobs, or only past ones")] = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Who works or worked at any of the client's own customers."""
    client = optional(parse_id, "client", client_id)
    mark = _mark(after)
    return _page(await work.worked_at_customers(queries, caller.tenant_id, client, current, mark, limit), limit)


@ROUTES.get("/v1/moves", **answers(page("jobs", named("PersonWhoMoved"))))
async def moves(
    queries: Fresh,
    caller: Asking,
    origin: Annotated[str, Query(alias="from", description="the company they left", max_length=500)],
    target: Annotated[str, Query(alias="to", description="the company they went to", max_length=500)],
    client_id: str | None = None,
    after: After = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Who worked at one company and later at another."""
    left, joined = _company(origin), _company(target)
    client = optional(parse_id, "client", client_id)
    return _page(await work.moved(queries, caller.tenant_id, left, joined, client, _mark(after), limit), limit)


def _company(told: str) -> str:
    if (key := work.key_of(told)) is None:
        raise Problem(422, "invalid_company", f"{told[:80]!r} is no domain, LinkedIn page or name of a company")
    return key


def _mark(after: str | None) -> tuple[str, int]:
    person_id, _, ordinal = (after or f"person_{'0' * 26}:-1").partition(":")
    if not ordinal.removeprefix("-").isdecimal() or len(ordinal) > 5:
        raise Problem(422, "invalid_cursor", "`after` is the `next` of the page before, as it was given")
    return parse_id("person", person_id), int(ordinal)


def _page(rows: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    last = rows[-1] if len(rows) == limit else None
    return {"jobs": rows, "next": f"{last['person_id']}:{last['ordinal']}" if last else None}
