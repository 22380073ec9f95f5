"""Ingest's doors on real tables: an upload that was cut off is finished as it began, and rubbish is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest import api, staging, store
from services.ingest.app import DEFINITION
from services.ingest.handlers import Handlers
from services.ingest.registry import SHIPPED
from shared.ids import derive_id
from shared.runtime.appender import Appender
from shared.runtime.machine import Machine
from shared.runtime.queries import Queries
from shared.runtime.tables import ddl
from tests.integration.log_harness import connected, settings_of
from tests.running_servers import Servers

ROWS = 450
LIST = "First Name,Last Name,E-Mail,Other,Company\n" + "".join(
    f"Ann,Ash,{f'a{n}@a.example' if n % 3 else ''},{f'b{n}@b.example' if n % 2 else ''},Acme {n}\n" for n in range(ROWS)
).replace("Ann,Ash", ",")
Fold = Machine[Any]


@asynccontextmanager
async def opened(servers: Servers, database: str, folder: Path) -> AsyncIterator["Door"]:
    """Ingest's application with a client, and a fold that is asked to go on."""
    async with connected(servers.role_url("ingest", database), "ingest") as connection:
        for statement in ddl(store.METADATA, reader="ingest_reader"):
            await connection.execute(statement)
    async with replica(servers, database, folder) as door:
        door.client_id = (await door.http.post("/v1/clients", json={"name": "Acme"})).json()["client_id"]
        await door.fold()
        yield door


@asynccontextmanager
async def replica(servers: Servers, database: str, folder: Path) -> AsyncIterator["Door"]:
    """One more process of the application."""
    settings = settings_of(servers, database, "ingest").model_copy(update={"artifacts": folder})
    url = settings.database_url.get_secret_value()
    handlers = Handlers(settings, Queries(settings, "ingest", DEFINITION.reads), Appender(url, "ingest"))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(api.build(handlers), raise_app_exceptions=False), base_url="http://ingest"
    ) as http:
        yield Door(http, url)
    await handlers.appender.close()
    await handlers.queries.close()


class Door:
    """The application, its client, and how far the log is folded."""

    client_id = ""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http, self._url, self._position = http, url, 0

    async def fold(self) -> None:
        """Take in what the log has."""
        async with connected(self._url, "ingest") as connection:
            cursor = await connection.execute(
                "SELECT position, body FROM log.events WHERE position > %s ORDER BY position", (self._position,)
            )
            rows = await cursor.fetchall()
            machine: Fold = Machine(DEFINITION)
            await machine.start(connection)
            await machine.apply(connection, [(position, body.encode()) for position, body in rows])
            self._position = rows[-1][0] if rows else self._position

    async def upload(self, content: str = LIST, key: str | None = None, **query: Any) -> httpx.Response:
        """The answer to a file."""
        path = f"/v1/clients/{self.client_id}/uploads"
        about = {"workstream": "apollo_scrape", "filename": "list.csv", **query}
        headers = {"Idempotency-Key": key} if key else {}
        return await self.http.post(path, params=about, content=content.encode(), headers=headers)


@pytest.fixture
async def door(servers: Servers, database: str, tmp_path: Path) -> AsyncIterator[Door]:
    async with opened(servers, database, tmp_path) as door:
        yield door


async def cut_off(door: Door, monkeypatch: pytest.MonkeyPatch, **query: Any) -> None:
    """Have an upload end after its first chunk of rows."""
    whole = staging.staged

    def first(*about: Any) -> Any:
        yield next(whole(*about))
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(staging, "staged", first)
        assert (await door.upload(**query)).status_code == 500
    await door.fold()


async def test_a_cut_off_upload_is_finished_by_the_mapping_it_began_with(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cut_off(door, monkeypatch)
    assert (await door.upload("Email,Other\n,c@c.example\n", map="email=Other")).status_code == 201
    await door.fold()
    finished = await door.upload()
    assert (finished.status_code, finished.json()["mapping"]["email"]) == (201, "E-Mail")
    await door.fold()
    upload = (await door.http.get(f"/v1/uploads/{finished.json()['upload_id']}")).json()
    assert (upload["status"], upload["staged"], upload["rows"], upload["bad_row_count"]) == ("ready", 300, 300, 150)


async def test_a_cut_off_upload_that_reads_otherwise_now_is_refused(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await cut_off(door, monkeypatch)
    monkeypatch.setattr(staging, "identifies", lambda ways, cells: True)
    refused = await door.upload()
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "upload_differs")
    assert "300 good and 150 bad rows, and the file now has 450 and 0" in refused.json()["error"]["message"]
    assert (await door.upload(again=True)).status_code == 201


async def test_again_under_a_key_is_one_upload_more(door: Door) -> None:
    first, again = await door.upload(), await door.upload(key="k", again=True)
    await door.fold()
    repeated, other = await door.upload(key="k", again=True), await door.upload(key="l", again=True)
    assert (repeated.json()["upload_id"], repeated.json()["duplicate"]) == (again.json()["upload_id"], True)
    assert len({answer.json()["upload_id"] for answer in (first, again, other)}) == 3


async def test_a_file_that_is_there_already_is_answered_by_the_same_keys(door: Door) -> None:
    first = (await door.upload()).json()
    await door.fold()
    assert (await door.upload("Email\nz@z.example\n")).status_code == 201
    again = (await door.upload()).json()
    assert again == first | {"duplicate": True, "warnings": [], "sample": []}
    assert (first["workstream"], first["duplicate"], bool(first["sample"])) == ("apollo_scrape", False, True)


async def test_many_selected_rows_are_one_parameter(door: Door) -> None:
    upload = (await door.upload()).json()
    await door.fold()
    batch = {"upload_id": upload["upload_id"], "steps": ["normalize_company_name"]}

    async def asked(rows: list[int]) -> httpx.Response:
        return await door.http.post("/v1/blueprints", json=batch | {"rows": rows})

    assert (await asked([2, 2, 3])).json()["items"] == 2
    missing = await asked([*range(1, 70_000), 2**63 - 1])
    assert (missing.status_code, missing.json()["error"]["code"]) == (422, "unknown_rows")
    for rows in ([0], [2**63], list(range(1, 100_002))):
        assert (await asked(rows)).json()["error"]["code"] == "invalid"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (rb'{"name": "a\u0000b"}', "NUL"),
        (rb'{"name": "a\ud800"}', "surrogate"),
        (rb'{"n\ud800": "a"}', "surrogate"),
        (b'{"name": ' + b"[" * 60 + b"]" * 60 + b"}", "nested more than 50 deep"),
    ],
)
async def test_a_body_that_no_event_can_hold_is_refused(door: Door, body: bytes, says: str) -> None:
    answer = await door.http.post("/v1/clients", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "value", [rb'"\u0000"', rb'{"deep": ["\ud800"]}', b"1" + b"0" * 30, b"NaN", b"-Infinity", b"1e999"]
)
async def test_settings_that_no_event_can_hold_are_refused(door: Door, value: bytes) -> None:
    path = f"/v1/clients/{door.client_id}/configs/{SHIPPED[0].workflow}"
    body = b'{"workstream": "apollo_scrape", "config": {"max_submissions": ' + value + b"}}"
    answer = await door.http.put(path, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


@pytest.mark.parametrize("query", [{"filename": "a\0.csv"}, {"map": "email=\0"}])
async def test_an_address_that_no_event_can_hold_is_refused(door: Door, query: dict[str, str]) -> None:
    answer = await door.upload(**query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert "NUL" in answer.json()["error"]["message"]


async def paged(door: Door, path: str, name: str, cursor: str, **query: Any) -> list[list[Any]]:
    """What a listing's pages have, by the column that says where the next one begins."""
    found: list[list[Any]] = []
    after: dict[str, Any] = {}
    while page := (await door.http.get(path, params=query | after)).json():
        found.append([entry[cursor] for entry in page])
        after = {name: found[-1][-1]}
    return found


async def test_a_page_ends_where_it_would_be_wide_and_the_next_goes_on(door: Door) -> None:
    content = "First Name,Last Name,Company,Notes\n" + "".join(f"Ann,Ash,Acme {n},{'x' * 480_000}\n" for n in range(10))
    upload_id = (await door.upload(content)).json()["upload_id"]
    await door.fold()
    rows = await paged(door, f"/v1/uploads/{upload_id}/rows", "after_row", "row", limit=500)
    assert list(chain(*rows)) == list(range(1, 11))
    assert 1 < len(rows) <= 10
    events = await paged(door, f"/v1/history/{upload_id}", "after", "position", limit=1000)
    assert len(events) > 1
    one_by_one = await paged(door, f"/v1/history/{upload_id}", "after", "position", limit=1)
    assert list(chain(*events)) == list(chain(*one_by_one))


async def test_uploads_are_listed_in_pages_the_newest_first(door: Door) -> None:
    names = [(await door.upload(f"Email\n{n}@a.example\n")).json()["upload_id"] for n in range(3)]
    await door.fold()
    path = f"/v1/clients/{door.client_id}/uploads"
    assert await paged(door, path, "after", "upload_id", limit=2) == [names[:0:-1], names[:1]]
    assert await paged(door, path, "after", "upload_id") == [names[::-1]]
    other = (await door.http.post("/v1/clients", json={"name": "Other"})).json()["client_id"]
    await door.fold()
    for of, after in ((door.client_id, derive_id("import", names[0], "none")), (other, names[0])):
        answer = await door.http.get(f"/v1/clients/{of}/uploads", params={"after": after})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_cursor")
