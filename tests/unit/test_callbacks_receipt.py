"""From an authenticated body to events: whose answer it is, when the URL, the body or both say so."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.callbacks.body import MAX_BYTES, answers_in, parsed
from services.callbacks.domain import OVERLAP, decide, digests, evolve
from services.callbacks.receipt import Sender, kept, received, rejected
from services.callbacks.state import State
from services.projector.extractors.reading import read
from shared.envelope import Event, checked_json, from_json, to_json
from shared.events import CallbackRejected, WorkflowConfigured
from shared.ids import named_id, to_hex
from shared.tokens import CallbackToken
from tests.unit.facts import BATCH, CLIENT, NEXT_BATCH, OTHER_CLIENT, START, TENANT, fact, item_id
from tests.unit.specification import Specification

ACME, BETA, ANN = named_id("company", "acme"), named_id("company", "beta"), named_id("person", "ann")
DISPATCH, OTHER_DISPATCH = named_id("disp", "1"), named_id("disp", "2")
TOKEN = CallbackToken(DISPATCH, TENANT, CLIENT, BATCH, item_id(1), ACME, "enrich", 2**40)
BY_TOKEN, BY_SECRET = Sender(TENANT, CLIENT, "enrich", TOKEN), Sender(TENANT, CLIENT, "enrich")
FIRM = {"name": "Acme", "domain": "acme.com", "industry": "Tools", "size": "11-50", "founded": 1999}


def events(sender: Sender, body: object) -> list[Event]:
    numbers = count()
    whole = parsed(orjson.dumps(body))
    return received(sender, answers_in(whole), whole, START, lambda: named_id("evt", str(next(numbers))))


def told(event: Event) -> tuple:
    return event.payload.dispatch_id, event.entity_id, event.item_id, event.batch_id


@pytest.mark.parametrize(
    "body",
    [FIRM, FIRM | {"item_id": item_id(1)}, FIRM | {"company_id": ACME}, FIRM | {"dispatch_id": DISPATCH},
     FIRM | {"company_id": 4711}, FIRM | {"person_id": ANN, "company_id": ACME}, [FIRM], {"rows": [FIRM]},
     FIRM | {"dispatch_id": DISPATCH, "company_id": BETA}],
)  # fmt: skip
def test_the_url_says_whose_answer_it_is(body) -> None:
    (event,) = events(BY_TOKEN, body)
    assert told(event) == (DISPATCH, ACME, item_id(1), BATCH)
    assert (event.tenant_id, event.client_id, event.correlation_id) == (TENANT, CLIENT, BATCH)
    assert (event.type, event.payload.workflow, event.payload.found) == ("EnrichmentReceived", "enrich", True)
    assert event.payload.answer["name"] == "Acme"


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"company_id": BETA}, (None, BETA, None, None)),
        ({"dispatch_id": OTHER_DISPATCH, "company_id": ACME}, (OTHER_DISPATCH, ACME, None, None)),
        ({"person_id": ANN, "item_id": item_id(2)}, (None, ANN, item_id(2), None)),
    ],
)
def test_a_body_about_somebody_else_is_not_the_dispatch_s(ids, expected) -> None:
    (event,) = events(BY_TOKEN, FIRM | ids)
    assert told(event) == expected
    assert (event.tenant_id, event.client_id) == (TENANT, CLIENT)


@pytest.mark.parametrize("key", ["company_id", "person_id"])
def test_a_provider_s_own_number_is_no_word_of_somebody_else(key: str) -> None:
    number = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    assert told(*events(BY_TOKEN, FIRM | {key: number})) == (DISPATCH, ACME, item_id(1), BATCH)
    rows = [FIRM | {key: number}, FIRM | {"company_id": str(UUID(to_hex(ACME)))}]
    assert [event.payload.dispatch_id for event in events(BY_TOKEN, rows)] == [None, DISPATCH]


def test_of_several_rows_the_url_is_for_the_first_that_names_no_other() -> None:
    found = events(BY_TOKEN, [FIRM | {"company_id": BETA}, FIRM, FIRM | {"company_id": ACME}])
    assert [event.payload.dispatch_id for event in found] == [None, DISPATCH, None]
    assert [event.entity_id for event in found] == [BETA, ACME, ACME]
    assert len({event.id for event in found}) == 3


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"company_id": ACME, "item_id": item_id(1)}, (None, ACME, item_id(1), None)),
        ({"person_id": ANN}, (None, ANN, None, None)),
        ({"item_id": item_id(1)}, (None, item_id(1), item_id(1), None)),
        ({"dispatch_id": DISPATCH}, (DISPATCH, None, None, None)),
    ],
)
def test_with_a_static_secret_the_body_says_whose_answer_it_is(ids, expected) -> None:
    (event,) = events(BY_SECRET, FIRM | ids)
    assert told(event) == expected


def test_an_item_s_own_step_is_answered_by_its_item_id() -> None:
    token = CallbackToken(DISPATCH, TENANT, CLIENT, BATCH, item_id(1), item_id(1), "enrich", 2**40)
    sender = Sender(TENANT, CLIENT, "enrich", token)
    (event,) = events(sender, FIRM | {"item_id": item_id(1), "company_id": BETA})
    assert told(event) == (DISPATCH, item_id(1), item_id(1), BATCH)


def test_an_empty_answer_is_an_answer() -> None:
    (event,) = events(BY_TOKEN, {"item_id": item_id(1), "enrich_company": {}})
    assert (event.payload.found, event.payload.dispatch_id) == (False, DISPATCH)


def test_the_body_around_an_answer_is_kept_once() -> None:
    (flat,) = events(BY_TOKEN, FIRM)
    assert (flat.payload.answer, flat.payload.body) == (FIRM, None)
    (wrapped,) = events(BY_TOKEN, {"item_id": item_id(1), "run": 7, "enrich_company": FIRM})
    assert wrapped.payload.answer == FIRM
    assert wrapped.payload.body == {"item_id": item_id(1), "run": 7, "enrich_company": "(answer)"}


@pytest.mark.parametrize(("string", "marked"), [
    (json.dumps(FIRM), True), (json.dumps(json.dumps(FIRM)), True), (json.dumps([FIRM]), False),
    (json.dumps({"found": FIRM}), False),
])  # fmt: skip
def test_a_string_that_is_the_answer_is_kept_once(string: str, marked: bool) -> None:
    (event,) = events(BY_TOKEN, {"run": 7, "raw_payload": string})
    assert event.payload.answer == FIRM
    assert event.payload.body == {"run": 7, "raw_payload": "(answer)" if marked else string}
    (whole,) = events(BY_TOKEN, json.dumps(FIRM))
    assert (whole.payload.answer, whole.payload.body) == (FIRM, None)


def test_what_stands_around_several_answers_is_kept_with_the_first() -> None:
    rows = [FIRM | {"company_id": ACME}, {"company_id": BETA, "data": {"enrich_company": FIRM}}]
    first, second = events(BY_TOKEN, {"run": 7, "rows": rows})
    assert first.payload.body == {
        "run": 7, "rows": ["(answer)", {"company_id": BETA, "data": {"enrich_company": "(answer)"}}],
    }  # fmt: skip
    assert (second.payload.body, second.payload.answer) == (None, FIRM)
    assert [event.payload.body for event in events(BY_TOKEN, rows[:1] * 2)] == [None, None]


WHO = {"name": "Ann Ex", "first_name": "Ann", "last_name": "Ex", "headline": "CEO", "experience": []}


@pytest.mark.parametrize("entity", [ACME, ANN])
@pytest.mark.parametrize("ids", [{}, {"dispatch_id": DISPATCH}, {"company_id": ACME, "person_id": ANN}])
def test_of_a_company_and_a_person_the_url_is_for_its_own(entity: str, ids) -> None:
    token = CallbackToken(DISPATCH, TENANT, CLIENT, BATCH, item_id(1), entity, "enrich", 2**40)
    body = {"item_id": item_id(1), "enrich_company": FIRM, "enrich_person": WHO} | ids
    found = {event.entity_id: event for event in events(Sender(TENANT, CLIENT, "enrich", token), body)}
    assert found[entity].payload.dispatch_id == DISPATCH
    assert found[entity].payload.answer == (FIRM if entity == ACME else WHO)
    (other,) = set(found) - {entity}
    assert other == (({ACME, ANN} - {entity}).pop() if "company_id" in ids else item_id(1))
    assert found[other].payload.dispatch_id is None


@pytest.mark.parametrize("ids", [{}, {"item_id": item_id(1)}])
@pytest.mark.parametrize("entity", [None, item_id(1)])
def test_a_company_and_a_person_of_an_item_alone_are_one_answer(entity: str | None, ids) -> None:
    token = CallbackToken(DISPATCH, TENANT, CLIENT, BATCH, item_id(1), item_id(1), "enrich", 2**40)
    body = {"enrich_company": FIRM, "enrich_person": WHO} | ids
    (event,) = events(Sender(TENANT, CLIENT, "enrich", token if entity else None), body)
    assert (event.payload.dispatch_id, event.entity_id) == (
        (DISPATCH, entity) if entity else (None, ids.get("item_id"))
    )
    assert (event.payload.answer, event.payload.body, event.payload.found) == (body, None, True)
    columns = read(event.payload.answer, "enrich", item_id(1)).columns
    assert (columns["company_domain"], columns["person_first_name"]) == ("acme.com", "Ann")


def test_a_refused_callback_is_recorded_with_what_is_known_of_its_sender() -> None:
    payload = CallbackRejected("not_json", "the body is not JSON", 7, DISPATCH)
    known = rejected(BY_TOKEN, NEXT_BATCH, payload, START, "evt_1")
    unknown = rejected(None, TENANT, payload, START, "evt_2")
    assert (known.tenant_id, known.client_id) == (TENANT, CLIENT)
    assert (known.batch_id, known.item_id, known.entity_id) == (BATCH, item_id(1), ACME)
    assert (unknown.tenant_id, unknown.client_id, unknown.item_id) == (TENANT, None, None)
    assert known.payload == payload


def test_no_record_of_a_refusal_has_what_cannot_be_stored() -> None:
    payload = CallbackRejected("not_json", "a\0b", 7, DISPATCH, content_type="text\0/\ud83dx")
    refused = rejected(BY_TOKEN, TENANT, payload, START, "evt_1")
    assert (refused.payload.reason, refused.payload.content_type) == ("ab", "text/\ufffdx")
    assert b"\\u0000" not in to_json(refused)


@pytest.mark.parametrize("byte", [b"\x01", b'"', b"\n", b"\xc3", b"\0", b"x"])
def test_a_refused_body_of_any_length_that_is_read_can_be_kept(byte: bytes) -> None:
    for body in (byte * 1_000, byte * MAX_BYTES):
        text, encoding = kept(body)
        assert (base64.b64decode(text) if encoding == "base64" else text.encode()) == body
        payload = CallbackRejected("not_json", "x", 7, body=text, encoding=encoding)
        assert checked_json(rejected(BY_TOKEN, TENANT, payload, START, "evt_1"))


@given(
    st.dictionaries(
        st.sampled_from([*FIRM, "item_id", "company_id", "dispatch_id", "rows", "x"]), st.text() | st.just(ACME)
    )
)
def test_every_body_that_can_be_read_becomes_events_that_can_be_written(body) -> None:
    for sender in (BY_TOKEN, BY_SECRET):
        for event in events(sender, body):
            assert from_json(to_json(event)).payload == event.payload


def test_a_secret_is_known_by_its_digest_and_can_be_taken_away() -> None:
    service = Specification(State(), evolve, decide)
    config = WorkflowConfigured("enrich", "apollo_scrape", {"callback_secret_sha256": "ab"})
    service.when(fact(config), fact(config, client_id=OTHER_CLIENT)).then()
    service.when(fact(WorkflowConfigured("enrich", "apollo_scrape", {}))).then()
    assert {key[0]: row.sha256 for key, row in service.state.secrets.items()} == {CLIENT: None, OTHER_CLIENT: "ab"}


def test_the_secret_before_the_present_one_is_taken_for_a_time_however_often_settings_change() -> None:
    service = Specification(State(), evolve, decide)
    at = START
    for digest, more in (("ab", {}), ("cd", {}), ("cd", {"credits": 2})):
        config = WorkflowConfigured("enrich", "apollo_scrape", {"callback_secret_sha256": digest} | more)
        service.when(replace(fact(config), occurred_at=at)).then()
        at += timedelta(hours=1)
    (secret,) = service.state.secrets.values()
    replaced = START + timedelta(hours=1)
    assert (secret.sha256, secret.previous_sha256, secret.replaced_at) == ("cd", "ab", replaced)
    assert digests(secret, replaced) == ["cd", "ab"]
    assert digests(secret, replaced + OVERLAP) == ["cd"]
    service.when(fact(WorkflowConfigured("enrich", "apollo_scrape", {}))).then()
    assert digests(*service.state.secrets.values(), at) == []
