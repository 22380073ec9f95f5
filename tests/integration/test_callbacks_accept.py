"""Callbacks over real servers: 202 means on disk, whatever is down; everything else is refused and says why."""

import asyncio
import base64
import gzip
from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest

from services.callbacks.handlers import STRANGERS_AT_ONCE, STRANGERS_EVERY_SECONDS
from services.callbacks.secrets import Secrets
from shared.envelope import Event
from shared.events import WorkflowConfigured
from shared.ids import named_id, new_id
from shared.tokens import sign
from tests.integration.callbacks_door import (
    CLIENT,
    FOREIGN_KEY,
    KEY,
    OLD_KEY,
    PERSON,
    PROFILE,
    WORKFLOW,
    Door,
    draining,
    opened,
    token,
    waiting,
)
from tests.integration.log_harness import (
    TENANT,
    append,
    event,
    eventually,
    logged,
)
from tests.running_servers import Servers

pytestmark = pytest.mark.usefixtures("streams")
STRANGERS_TENANT = named_id("tenant", "default")


def about(event: Event) -> tuple[str | None, ...]:
    return event.tenant_id, event.client_id, event.batch_id, event.item_id, event.entity_id


@pytest.fixture
async def door(servers: Servers, database: str) -> AsyncIterator[Door]:
    async with opened(servers, database) as door:
        yield door


@pytest.mark.parametrize("key", [KEY, OLD_KEY], ids=["today's key", "the key before"])
async def test_an_answer_by_token_is_recorded_as_what_the_token_says(door: Door, key: str) -> None:
    told = token()
    reply = await door.by_token(sign(told, key), PROFILE)
    (event,) = await door.recorded()
    assert (reply.status_code, reply.json()) == (202, {"accepted": True, "events": [event.id]})
    assert event.type == "EnrichmentReceived"
    assert (event.tenant_id, event.client_id, event.batch_id) == (TENANT, CLIENT, told.batch_id)
    assert (event.item_id, event.entity_id) == (told.item_id, PERSON)
    assert (event.payload.workflow, event.payload.dispatch_id) == (WORKFLOW, told.dispatch_id)
    assert (event.payload.found, event.payload.answer) == (True, PROFILE)


async def test_an_answer_by_secret_is_about_whom_it_names(door: Door) -> None:
    reply = await door.by_secret("open sesame", PROFILE | {"person_id": PERSON})
    (event,) = await door.recorded()
    assert (reply.status_code, event.type) == (202, "EnrichmentReceived")
    assert (event.tenant_id, event.client_id, event.entity_id) == (TENANT, CLIENT, PERSON)


async def test_a_wrong_token_is_refused(door: Door) -> None:
    event = await door.refused(await door.by_token(sign(token(), FOREIGN_KEY), PROFILE), 401, "token_forged")
    assert (event.tenant_id, event.client_id) == (STRANGERS_TENANT, None)


async def test_an_answer_by_a_token_that_has_expired_is_kept_and_can_be_read_after_all(door: Door) -> None:
    told = token(-1)
    refused = await door.refused(await door.by_token(sign(told, KEY), PROFILE), 410, "token_expired")
    assert about(refused) == (TENANT, CLIENT, told.batch_id, told.item_id, PERSON)
    assert (refused.payload.dispatch_id, orjson.loads(refused.payload.body)) == (told.dispatch_id, PROFILE)
    assert (await door.http.post(f"/v1/rejected-callbacks/{refused.id}/read")).status_code == 202
    answer = (await door.recorded())[-1]
    assert (answer.type, about(answer), answer.causation_id) == ("EnrichmentReceived", about(refused), refused.id)
    assert (answer.payload.dispatch_id, answer.payload.answer) == (told.dispatch_id, PROFILE)


@pytest.mark.parametrize("cut", [3, 40, -9])
async def test_a_cut_token_is_refused(door: Door, cut: int) -> None:
    reply = await door.by_token(sign(token(), KEY)[:cut], PROFILE)
    await door.refused(reply, 401, reply.json()["error"]["code"])
    assert reply.json()["error"]["code"] in {"token_malformed", "token_forged"}


@pytest.mark.parametrize("text", ["é.ü", "%00.%00", "a.b.c", ".", "..%2F..", "x" * 5_000])
async def test_rubbish_for_a_token_is_refused(door: Door, text: str) -> None:
    reply = await door.by_token(text, PROFILE)
    if reply.status_code == 404:
        assert (text, await door.recorded()) in ((".", []), ("..%2F..", [])), "no path of ours"
    else:
        code = reply.json()["error"]["code"]
        assert code in {"token_malformed", "token_forged"}
        await door.refused(reply, 401, code)


@pytest.mark.parametrize(("secret", "workflow"), [("open barley", WORKFLOW), ("", WORKFLOW), ("open sesame", "other")])
async def test_a_wrong_secret_is_refused(door: Door, secret: str, workflow: str) -> None:
    await door.refused(await door.by_secret(secret, PROFILE, workflow), 401, "wrong_secret")


async def test_a_client_id_in_small_letters_is_that_client_and_what_is_none_is_not_there(door: Door) -> None:
    reply = await door.by_secret("open sesame", PROFILE | {"person_id": PERSON}, client=CLIENT.lower())
    assert (reply.status_code, (await door.recorded())[0].client_id) == (202, CLIENT)
    reply = await door.by_secret("open sesame", PROFILE, client="client_1")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    assert len(await door.recorded()) == 1


async def test_while_it_is_not_known_which_secrets_there_are_none_is_wrong(door: Door) -> None:
    """As in a process that was started while the database is away."""
    door.receiver.secrets = Secrets(door.receiver.settings)
    reply = await door.by_secret("open sesame", PROFILE | {"person_id": PERSON})
    assert (reply.status_code, reply.json()["error"]["code"], await door.recorded()) == (503, "not_recorded", [])


async def test_a_body_that_names_nobody_belongs_to_nothing(door: Door) -> None:
    event = await door.refused(await door.by_secret("open sesame", PROFILE), 422, "unknown_item")
    assert (event.tenant_id, event.client_id) == (TENANT, CLIENT)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "empty"),
        (b"Hello", 400, "not_json"),
        (b'{"a": ', 400, "not_json"),
        (b"\xff\xfe\xfa", 400, "not_json"),
        (b"17", 400, "no_object"),
        (b"[" * 10_000 + b"]" * 10_000, 400, "too_deep"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "too_deep"),
        (b"[" + b"1," * 5_000_000 + b"1]", 413, "too_large"),
    ],
    ids=["empty", "text", "cut", "bytes", "number", "10,000 arrays", "10,000 objects", "10 MB"],
)
async def test_a_body_of_no_use_is_refused(door: Door, body: bytes, status: int, code: str) -> None:
    told = token()
    event = await door.refused(await door.by_token(sign(told, KEY), body), status, code)
    assert (about(event), event.payload.dispatch_id) == (
        (TENANT, CLIENT, told.batch_id, told.item_id, PERSON), told.dispatch_id,
    )  # fmt: skip
    if code != "too_large":
        assert event.payload.bytes == len(body)


@pytest.mark.parametrize(("headers", "body"), [
    ({"content-encoding": "gzip"}, gzip.compress(b'{"title": "CEO"}')),
    ({"content-type": "multipart/form-data; boundary=x"}, b'--x\r\n\r\n{"title": "CEO"}\r\n--x--\r\n'),
], ids=["gzip", "form"])  # fmt: skip
async def test_a_body_that_is_packed_is_refused_as_that_and_kept(
    door: Door, headers: dict[str, str], body: bytes
) -> None:
    reply = await door.by_token(sign(token(), KEY), body, **headers)
    event = await door.refused(reply, 415, "unsupported_media_type")
    assert (event.client_id, event.payload.body is not None) == (CLIENT, True)
    answer = {"title": "CEO", "first_name": "Ada", "last_name": "Example", "headline": "h"}
    assert (await door.by_token(sign(token(), KEY), answer, **headers)).status_code == 202


async def test_many_rows_in_one_body_are_not_kept_once_for_each(door: Door) -> None:
    rows = [PROFILE | {"person_id": new_id("person"), "summary": "s" * 100} for _ in range(1_000)]
    reply = await door.by_secret("open sesame", {"rows": rows})
    assert (reply.status_code, len(reply.json()["events"])) == (202, 1_000)
    stored = sum(len(body) for _, body in await logged(door.servers, door.database))
    assert stored < 5 * len(orjson.dumps(rows))


async def test_of_a_flood_of_rubbish_the_first_are_recorded_and_the_others_counted(door: Door) -> None:
    unrecorded: list[None] = []
    door.receiver.unrecorded = lambda: unrecorded.append(None)
    for _ in range(2):
        replies = await asyncio.gather(*(door.by_token("nonsense", b"{}") for _ in range(150)))
        assert {reply.status_code for reply in replies} == {401}
        await asyncio.sleep(1)
    assert (len(await door.recorded()), len(unrecorded)) == (STRANGERS_AT_ONCE, 300 - STRANGERS_AT_ONCE)
    door.receiver.strangers.at -= STRANGERS_EVERY_SECONDS
    for _ in range(2):
        assert (await door.by_token("nonsense", b"{}")).status_code == 401
    last = (await door.recorded())[STRANGERS_AT_ONCE:]
    assert [event.payload.reason.partition("; ")[2] for event in last] == [
        "280 refusals of strangers before this one are not recorded"
    ]


@pytest.mark.parametrize("away", [False, True])
async def test_a_body_that_makes_an_event_too_long_for_the_stream_is_refused_and_kept(door: Door, away: bool) -> None:
    door.receiver._detour_until = float("inf") if away else 0.0
    inner = b'{"data": {"first_name": "%s", "last_name": "L", "title": "T"}}' % (b"\x01" * 900_000)
    body = b'{"raw_payload": "%s"}' % inner.replace(b'"', b'\\"')
    reply = await door.by_token(sign(token(), KEY), body)
    async with draining(door):
        await eventually(lambda: waiting(door.servers), lambda number: number == 0)
    event = await door.refused(reply, 413, "too_large")
    kept = event.payload.body.encode() if event.payload.encoding == "utf-8" else base64.b64decode(event.payload.body)
    assert kept == body
    await door.fold()
    again = await door.http.post(f"/v1/rejected-callbacks/{event.id}/read")
    assert (again.status_code, again.json()["error"]["code"]) == (413, "too_large")


async def test_what_a_proven_sender_sent_is_recorded_however_much_is_refused(door: Door) -> None:
    bodies = [b"no json %d" % number for number in range(60)]
    replies = await asyncio.gather(*(door.by_token(sign(token(), KEY), body) for body in bodies))
    assert {reply.status_code for reply in replies} == {400}
    assert sorted(event.payload.body.encode() for event in await door.recorded()) == sorted(bodies)


async def test_what_could_not_be_read_is_kept_whole_and_read_again_once_a_mapping_says_where_the_ids_are(
    servers: Servers, database: str, door: Door
) -> None:
    body = {"Akte": {"Nr": PERSON}, **PROFILE}
    refused = await door.refused(await door.by_secret("open sesame", body), 422, "unknown_item")
    assert (orjson.loads(refused.payload.body), refused.payload.workflow) == (body, WORKFLOW)
    await door.fold()
    (listed,) = (await door.http.get("/v1/rejected-callbacks", params={"client_id": CLIENT})).json()
    assert (listed["event_id"], listed["code"], listed["read_again"]) == (refused.id, "unknown_item", False)
    assert orjson.loads((await door.http.get(f"/v1/rejected-callbacks/{refused.id}")).json()["body"]) == body
    again = f"/v1/rejected-callbacks/{refused.id}/read"
    assert (await door.http.post(again)).status_code == 422
    config = WorkflowConfigured(WORKFLOW, "apollo_scrape", {"answer_mapping": {"person_id": ["x", "Akte.Nr"]}})
    await append(servers, database, [replace(event("WorkflowConfigured", config), client_id=CLIENT, version=2)])
    await door.fold()
    for _ in range(2):
        assert (await door.http.post(again)).status_code == 202
    answer = (await door.recorded())[-1]
    assert (answer.type, answer.entity_id, answer.causation_id) == ("EnrichmentReceived", PERSON, refused.id)
    assert answer.payload.answer == body
    assert len(await door.recorded()) == 3
    assert (await door.http.get("/v1/rejected-callbacks")).json()[0]["read_again"] is True


@pytest.mark.parametrize(
    ("body", "kept"), [(b"no json \xc3\xa4", ("no json ä", "utf-8")), (b"\xff\x00", ("/wA=", "base64"))]
)
async def test_a_body_that_is_no_json_is_kept_as_it_came(door: Door, body: bytes, kept: tuple[str, str]) -> None:
    refused = await door.refused(await door.by_token(sign(token(), KEY), body), 400, "not_json")
    assert (refused.payload.body, refused.payload.encoding) == kept


async def test_nothing_is_kept_of_a_stranger(door: Door) -> None:
    refused = await door.refused(await door.by_token(sign(token(), FOREIGN_KEY), PROFILE), 401, "token_forged")
    assert (refused.payload.body, refused.payload.bytes) == (None, 0)
