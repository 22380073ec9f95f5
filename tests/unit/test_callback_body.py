"""Bodies as providers send them, and bodies as nobody should."""

import json
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.callbacks.body import MAX_BYTES, MAX_ROWS, Answer, answers_in, parsed
from shared.enrichment import MAX_DEPTH, UnreadableBody, enrichments
from shared.ids import from_hex

CLAY = Path(__file__).parents[1] / "data" / "clay"
VARIANTS = {c["case"]: c["body"] for c in json.loads((CLAY / "callback_body_variants_synthetic.json").read_bytes())}
ITEM_UUID, COMPANY_UUID = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-0000000000c1"
ITEM, COMPANY = from_hex("item", ITEM_UUID), from_hex("company", COMPANY_UUID)
ULID = "01JD3K5M8N0PQRSTVWXYZ12345"
FIRM = {"name": "Acme", "domain": "acme.example", "industry": "Tools", "size": "11-50", "founded": 1999}
WHO = {"name": "Ann Ex", "first_name": "Ann", "last_name": "Ex", "headline": "CEO", "experience": []}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(sorted(FIRM)), inner),
    max_leaves=20,
)


def read(raw: bytes, content_type: str | None = None) -> list[Answer]:
    return answers_in(parsed(raw, content_type))


def one(body: Any, **keywords: Any) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (answer,) = read(raw, **keywords)
    return answer


def code(raw: bytes) -> str:
    with pytest.raises(UnreadableBody) as caught:
        read(raw)
    assert str(caught.value)
    return caught.value.code


@pytest.mark.parametrize(("case", "company", "found"), [
    ("flat_fields", None, True), ("nested_under_enrich_company", COMPANY, True),
    ("double_encoded_string_payload", COMPANY, True), ("numbers_as_strings", None, True),
    ("not_found_empty_object", COMPANY, False), ("not_found_null", COMPANY, False),
    ("array_of_one", None, True), ("person_flat", None, True),
    ("late_second_delivery_newer_refresh", None, True), ("oversize_hint_200KB_cell", COMPANY, True),
])  # fmt: skip
def test_every_sample_is_read(case: str, company: str | None, found: bool) -> None:
    answer = one(VARIANTS[case])
    assert (answer.item_id, answer.company_id, answer.found) == (ITEM, company, found)
    if found and case != "oversize_hint_200KB_cell":
        assert answer.payload["name"]
        assert answer.payload["url"]


def test_no_sample_is_forgotten() -> None:
    assert one(VARIANTS["unknown_item"]).item_id == from_hex("item", "f" * 8 + "-ffff-4fff-8fff-" + "f" * 12)
    assert len(VARIANTS) == 11


@pytest.mark.parametrize("body", [
    {"raw_clay_company_enriched_payload": FIRM},
    {"raw_payload": FIRM, "workflow_slug": "enrich_company_via_waterfall_in_clay"},
    {"raw_payload": {"enrich_company": FIRM}}, {"anything_else": FIRM},
    {"anything_else": json.dumps(FIRM), "name": "Acme", "domain": "acme.example"},
    {"enriched_data": json.dumps(json.dumps(FIRM))}, {"enriched_data": [FIRM]},
    {"enrich_person": None, "enrich_company": FIRM}, {"data": {"item": {"result": FIRM}}}, [FIRM],
    {"rows": [FIRM]}, {"rows": json.dumps([FIRM])}, json.dumps(FIRM), FIRM,
])  # fmt: skip
def test_the_enrichment_is_found_wherever_it_is(body: Any) -> None:
    assert one(body).payload == FIRM
    assert one(body).found
    assert enrichments(body) == [FIRM]


def test_a_company_and_a_person_in_one_body_are_two_answers() -> None:
    body = {"item_id": f"item_{ULID}", "person_id": f"person_{ULID}", "enrich_company": FIRM, "who": WHO}
    firm, who = read(json.dumps(body).encode())
    assert (firm.payload, firm.kind, firm.item_id, firm.company_id, firm.person_id) == (
        FIRM, "company", f"item_{ULID}", None, None,
    )  # fmt: skip
    assert (who.payload, who.kind, who.person_id, who.company_id) == (WHO, "person", f"person_{ULID}", None)
    assert enrichments(body) == [FIRM, WHO]


@pytest.mark.parametrize(("ids", "dispatches"), [
    ({"person_id": f"person_{ULID}"}, (None, f"disp_{ULID}")),
    ({"company_id": f"company_{ULID}"}, (f"disp_{ULID}", None)),
    ({"company_id": f"company_{ULID}", "person_id": f"person_{ULID}"}, (None, None)), ({}, (None, None)),
])  # fmt: skip
def test_of_two_the_dispatch_was_for_the_one_whose_id_came_back(ids: Any, dispatches: Any) -> None:
    body = {"dispatch_id": f"disp_{ULID}", **ids, "enrich_company": FIRM, "enrich_person": WHO}
    assert tuple(answer.dispatch_id for answer in read(json.dumps(body).encode())) == dispatches


def test_two_enrichments_of_one_kind_are_kept_together() -> None:
    body = {"item_id": f"item_{ULID}", "enrich_company": FIRM, "raw_payload": {**FIRM, "name": "Beta"}}
    assert one(body).payload == body
    assert enrichments(body) == [FIRM, {**FIRM, "name": "Beta"}]


@pytest.mark.parametrize("key", ["item_id", "Item ID", "itemId", "ITEM-ID", " Item Id "])
@pytest.mark.parametrize(
    "wrapper", ["enrich_company", "Enrich Company", "rawPayload", "Raw Clay Company Enriched Payload"]
)
def test_a_key_of_ours_is_known_however_a_column_spells_it(key: str, wrapper: str) -> None:
    answer = one({key: f" ITEM_{ULID.lower()}", wrapper: FIRM, "company_id": 112688753})
    assert (answer.item_id, answer.company_id, answer.payload) == (f"item_{ULID}", None, FIRM)


@pytest.mark.parametrize("wrap", [
    lambda rows: rows, lambda rows: {"rows": rows}, lambda rows: {"Rows": json.dumps(rows)},
    lambda rows: {"data": rows}, lambda rows: {"records": json.dumps(rows)}, lambda rows: {"data": {"rows": rows}},
    json.dumps,
])  # fmt: skip
def test_each_of_several_items_is_answered(wrap: Any) -> None:
    rows = [{"company_id": f"company_{n}{ULID[1:]}", "enrich_company": {**FIRM, "name": f"Firm {n}"}} for n in range(3)]
    answers = read(json.dumps(wrap(rows)).encode())
    assert [answer.company_id for answer in answers] == [row["company_id"] for row in rows]
    assert [answer.payload["name"] for answer in answers] == ["Firm 0", "Firm 1", "Firm 2"]


def test_a_list_of_things_without_ids_of_ours_is_part_of_the_answer() -> None:
    body = {"item_id": ITEM_UUID, "customers": [{"name": "A", "url": "a.com"}, {"name": "B", "url": "b.com"}]}
    assert one(body).payload == body


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        ({}, {}),
        ({"item_id": ITEM_UUID, "company_id": 112688753}, {"item_id": ITEM_UUID, "company_id": 112688753}),
        ({"enrich_company": "No data found", "name": "Acme"}, "No data found"),
        ({"enrich_company": []}, []),
        ({"raw_payload": {"name": None, "domain": ""}}, {"name": None, "domain": ""}),
    ],
)
def test_an_empty_enrichment_is_not_found(body: Any, payload: Any) -> None:
    assert (one(body).payload, one(body).found) == (payload, False)


@pytest.mark.parametrize(("written", "meant"), [
    (f"item_{ULID}", f"item_{ULID}"), (f"  ITEM_{ULID.lower()}\n", f"item_{ULID}"),
    (ITEM_UUID.upper(), ITEM), (f" {ITEM_UUID} ", ITEM), (f"company_{ULID}", None), (112688753, None),
    ("112688753", None), ("0" * 32, None), (f"item_8{ULID[1:]}", None), ("item_" * 1000, None),
    ("", None), (None, None), ([ITEM_UUID], None),
])  # fmt: skip
def test_only_our_own_ids_count(written: Any, meant: str | None) -> None:
    assert one({"item_id": written, **FIRM}).item_id == meant


def test_a_dispatch_has_never_had_a_uuid() -> None:
    assert one({"dispatch_id": f"disp_{ULID}"}).dispatch_id == f"disp_{ULID}"
    assert one({"dispatch_id": ITEM_UUID}).dispatch_id is None


def test_ids_around_an_enrichment_win_over_those_inside() -> None:
    inside = {**FIRM, "company_id": COMPANY_UUID, "item_id": f"item_{ULID}"}
    assert one({"item_id": ITEM_UUID, "enrich_company": inside}).item_id == ITEM
    assert one({"enrich_company": inside}).item_id == f"item_{ULID}"
    assert one({"enrich_company": inside}).company_id is None  # a provider's own UUID, for all we know
    assert one({"body": {"item_id": ITEM_UUID, "enrich_company": FIRM}}).item_id == ITEM


def test_each_row_is_an_answer_and_inherits_what_stands_around() -> None:
    rows = [{"item_id": ITEM_UUID, **FIRM}, {"item_id": f"item_{ULID}", "enrich_company": {}}, "no row"]
    first, second = read(json.dumps({"company_id": f"company_{ULID}", "rows": rows}).encode())
    assert (first.item_id, first.company_id, first.found) == (ITEM, f"company_{ULID}", True)
    assert (second.item_id, second.company_id, second.found) == (f"item_{ULID}", f"company_{ULID}", False)


def test_uuids_of_a_provider_make_no_rows() -> None:
    contacts = [{"person_id": f"{n}{ITEM_UUID[1:]}", "name": "Ann"} for n in range(2)]
    body = {"company_id": f"company_{ULID}", **FIRM, "contacts": contacts}
    assert (one(body).payload, one(body).company_id) == (body, f"company_{ULID}")
    assert len(read(json.dumps({"rows": contacts}).encode())) == len(read(json.dumps(contacts).encode())) == 2


@pytest.mark.parametrize(("said", "found"), [
    ("Response found", True), ("✅ Acme", True), ("No data found", False), ("❌ Not found", False), ("Error", False),
    ("Couldn't find it", False), ("", False), ("  ", False), ("{}", False), (None, False), (True, False), ("-", False),
])  # fmt: skip
def test_fields_beside_what_a_column_shows_are_the_answer(said: Any, found: bool) -> None:
    body = {"item_id": ITEM_UUID, "Enrich Company": said, "name": "Acme", "domain": "acme.example", "industry": "Tools"}
    assert (one(body).payload, one(body).found) == ((body if found else said), found)
    assert enrichments(body) == ([body] if found else [])


def test_a_claygent_answer_in_a_string_is_read_whole() -> None:
    rows = json.loads((CLAY / "claygent_customers_real_rows.json").read_bytes())
    for answer, row in zip(read(json.dumps(rows).encode()), rows, strict=True):
        assert answer.payload == json.loads(row["raw_payload"])
        assert answer.found


@pytest.mark.parametrize(("raw", "wanted"), [
    (b"", "empty"), (b" \r\n\t", "empty"), (b"not json", "not_json"), (b'{"item_id": ', "not_json"),
    (b"item_id=1&name=2", "not_json"), (b"\xff\xfe\x00", "not_json"), (b"null", "no_object"),
    (b"3", "no_object"), (b"[]", "no_object"), (b'[1, "two", [3]]', "no_object"),
    (b'"text"', "no_object"), (b"[" * 10_000 + b"]" * 10_000, "too_deep"),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep"), (b"[" * 4_000_000, "too_deep"),
    (b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "too_deep"),
    (b" " * (MAX_BYTES + 1), "too_large"), (b"[" + b"{}," * MAX_ROWS + b"{}]", "too_large"),
])  # fmt: skip
def test_what_can_never_work_is_refused_with_a_reason(raw: bytes, wanted: str) -> None:
    assert code(raw) == wanted


@pytest.mark.parametrize(("raw", "name"), [
    (b'{"name": "caf\\ud83d"}', "caf\ufffd"), (b'{"name": "a\\u0000b"}', "ab"),
    (b'{"name": "a\nb"}', "a\nb"), (b'{"name": NaN}', None), (b'{"name": -Infinity}', None),
    (b'{"name": 1e999, "x": NaN}', None), (b'{"name": 12345678901234567890123}', 1.2345678901234568e22),
    (b'{"name": ' + b"9" * 5000 + b"}", None), (b'{"name": 1, "name": 2}', 2),
    (b'\xef\xbb\xbf{"name": "bom"}', "bom"), ('{"name": "é"}'.encode("utf-16"), "é"),
    (b'{"name": "J\xfcrgen \xc3\xbc"}', "Jürgen ü"), (b'{"name": "\xe2\x82|\x81|\x93"}', "\ufffd|\ufffd|\u201c"),
    (b'{"enriched_data": "{\\"name\\": \\"a\\\\u0000b\\"}"}', "ab"),
])  # fmt: skip
def test_what_is_read_can_be_stored(raw: bytes, name: Any) -> None:
    answer = one(raw)
    assert answer.payload["name"] == name
    assert b"\\u0000" not in orjson.dumps(answer.payload)


def test_a_declared_encoding_is_used_where_utf_8_fails() -> None:
    raw = '{"name": "Société"}'.encode("cp1252")
    assert one(raw, content_type="application/json; charset=ISO-8859-1").payload["name"] == "Société"


def test_strings_in_strings_are_opened_only_so_far() -> None:
    body = json.dumps(FIRM)
    for _ in range(12):
        body = json.dumps(body)
    assert code(json.dumps(body).encode()) == "no_object"
    rows: Any = [FIRM]
    for _ in range(5):
        for _ in range(MAX_DEPTH // 2 - 2):
            rows = {"rows": [rows]}
        rows = {"rows": json.dumps(rows)}
    assert len(read(json.dumps(rows).encode())) == 1


@pytest.mark.parametrize("body", [
    {f"A {n}": 1 for n in range(70_000)}, {"email": "a@b.c", "person": WHO, **{f"E {n}": "x" for n in range(70_000)}},
    {f"a{n}": '{"b": 1' for n in range(40_000)},
])  # fmt: skip
def test_a_body_of_many_keys_holds_up_nobody(body: Any) -> None:
    taken = []
    for _ in range(3):
        began = time.process_time()
        assert one(body).found
        taken.append(time.process_time() - began)
    assert min(taken) < 0.5


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_nothing_but_a_refusal_is_ever_raised(raw: bytes) -> None:
    codes = set()
    try:
        answers = read(raw)
    except UnreadableBody as refusal:
        codes.add(refusal.code)
    else:
        assert answers
        assert all(orjson.dumps(answer.payload) is not None for answer in answers)
    assert codes <= {"empty", "not_json", "too_deep", "too_large", "no_object"}


@given(json_values)
def test_looking_for_enrichments_never_raises(value: Any) -> None:
    assert all(isinstance(found, dict) for found in enrichments(value))
