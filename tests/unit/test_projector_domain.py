"""Leads as events make them: one for each item that has ended, made anew when more is known about its people."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.projector.domain import decide, evolve
from services.projector.rows import State, lead_id_of
from shared.envelope import Event
from shared.events import (
    BatchCancelled,
    ConfigurationRemoved,
    CustomersListed,
    CustomersRemoved,
    EnrichmentReceived,
    ItemCompleted,
    ListedCustomer,
    ReprojectionDue,
    StepFailed,
    WorkflowConfigured,
)
from shared.ids import named_id
from shared.state import Tracked
from tests.unit.facts import (
    BATCH,
    CLIENT,
    COMPANY_STEP,
    NEXT_BATCH,
    OTHER_CLIENT,
    PERSON_STEP,
    START,
    SYNC_STEP,
    UPLOAD,
    added,
    fact,
    item_id,
    launched,
    told_again,
)
from tests.unit.specification import Specification

ACME, ANN = named_id("company", "acme"), named_id("person", "ann")
FIRM = {"name": "Acme", "domain": "acme.com", "industry": "Tools", "size": "11-50 employees", "founded": 1999}
WHO = {
    "name": "Ann Ex", "first_name": "Ann", "last_name": "Ex", "headline": "CEO of Acme", "title": "CEO",
    "experience": [{"company": "Acme", "title": "CEO", "start_date": "2025-12-01", "is_current": True},
                   {"company": "Beta", "title": "CTO", "start_date": "2020-01-01", "end_date": "2025-11-01"}],
}  # fmt: skip
STEPS = (SYNC_STEP, COMPANY_STEP, PERSON_STEP)


def projector(*given_: Event) -> Specification:
    return Specification(State(), evolve, decide).given(*given_)


def answer(entity: str, hours: float = 1, found: bool = True, client_id: str = CLIENT, **body) -> Event:
    raw = (WHO if entity.startswith("person") else FIRM) | body
    payload = EnrichmentReceived("enrich", None, found, raw)
    return fact(payload, entity_id=entity, hours=hours, batch_id=None, client_id=client_id)


def completed(item: int, step: int, entity: str | None = None, hours: float = 2, **more) -> Event:
    payload = ItemCompleted(step, STEPS[step].workflow, **more)
    return fact(payload, item=item, entity_id=entity, hours=hours)


def walked(item: int, hours: float = 2) -> list[Event]:
    """The item has taken every step."""
    return [
        completed(item, 0, hours=hours, output={"company_name_normalized": "Acme!"}),
        completed(item, 1, ACME, hours),
        completed(item, 2, ANN, hours),
    ]


def lead(found: Specification, item: int):
    return found.state.leads.get(lead_id_of(item_id(item)))


def one(*more: Event) -> Specification:
    return projector(launched(*STEPS, items=2), added(1, email="ann@acme.com", title="Boss"), *more)


def test_an_item_that_has_ended_is_a_lead_of_what_was_uploaded_and_answered() -> None:
    found = lead(one(answer(ACME), answer(ANN), *walked(1)), 1)
    assert (found.outcome, found.batch_id, found.row, found.client_id) == ("completed", BATCH, 1, CLIENT)
    assert (found.person_email, found.person_title, found.company_domain) == ("ann@acme.com", "CEO", "acme.com")
    assert (found.person_id, found.company_id, found.source_workstream) == (ANN, ACME, "apollo_scrape")
    assert (found.reference_date, found.projected_at) == (START.date(), START + timedelta(hours=2))
    sources = {column: source for source in found.provenance for column in source["columns"]}
    assert (sources["person_email"]["source"], sources["person_email"]["event_id"]) == (
        "upload", added(1, email="ann@acme.com", title="Boss").id,
    )  # fmt: skip
    assert {k: v for k, v in sources["company_domain"].items() if k != "columns"} == {
        "source": "answer", "event_id": answer(ACME).id, "workflow": "enrich", "provider": "clay",
        "at": (START + timedelta(hours=1)).isoformat(),
    }  # fmt: skip


def test_before_its_end_an_item_is_no_lead() -> None:
    found = one(answer(ACME), *walked(1)[:2])
    assert found.state.leads == {}


def test_what_a_sync_step_set_is_part_of_the_lead() -> None:
    assert lead(one(*walked(1)), 1).company_name == "Acme!"


def test_a_failed_item_is_a_lead_too_with_what_there_is() -> None:
    failure = StepFailed(1, COMPANY_STEP.workflow, "TIMEOUT", "no answer", True)
    found = one(completed(1, 0), fact(failure, item=1, entity_id=ACME))
    assert (lead(found, 1).outcome, lead(found, 1).company_id) == ("failed", ACME)
    found.given(answer(ACME))
    assert (lead(found, 1).outcome, lead(found, 1).company_domain) == ("failed", "acme.com")


def test_every_item_of_a_cancelled_batch_is_a_lead() -> None:
    found = one(answer(ACME), completed(1, 1, ACME), fact(BatchCancelled()), added(2, email="bob@acme.com"))
    assert (lead(found, 1).outcome, lead(found, 1).company_domain) == ("cancelled", "acme.com")
    assert (lead(found, 2).outcome, lead(found, 2).person_email) == ("cancelled", "bob@acme.com")


def test_what_was_completed_stays_so_when_its_batch_is_cancelled() -> None:
    assert lead(one(*walked(1), fact(BatchCancelled())), 1).outcome == "completed"


def test_an_answer_that_comes_after_the_end_makes_the_lead_anew() -> None:
    found = one(*walked(1))
    found.given(answer(ACME, hours=30))
    assert (lead(found, 1).company_domain, lead(found, 1).reference_date) == (
        "acme.com", START.date() + timedelta(days=1),
    )  # fmt: skip


def test_an_answer_paid_for_by_a_cancelled_batch_reaches_its_leads() -> None:
    """The item ended before anybody knew its company: the answer's completion names it."""
    found = one(completed(1, 0), fact(BatchCancelled()), answer(ACME), completed(1, 1, ACME))
    assert (lead(found, 1).outcome, lead(found, 1).company_domain) == ("cancelled", "acme.com")
    found.given(answer(ACME, hours=3, industry="Toys"))
    assert lead(found, 1).company_industry == "Toys"


@pytest.mark.parametrize(
    ("first", "second", "industry"),
    [
        ({"hours": 1}, {"hours": 2}, "new"),
        ({"hours": 1, "last_refresh": "2026-01-05 10:00:00"}, {"hours": 2, "last_refresh": "2026-01-04"}, "old"),
        ({"hours": 1, "last_refresh": "2026-01-05"}, {"hours": 2, "last_refresh": "2026-01-05 10:00:00"}, "new"),
        ({"hours": 1, "last_refresh": "2026-01-05"}, {"hours": 2, "last_refresh": "2026-01-05"}, "old"),
        ({"hours": 1}, {"hours": 2, "found": False}, "old"),
    ],
)
def test_the_newest_look_at_a_company_wins(first, second, industry: str) -> None:
    found = one(*walked(1), answer(ACME, industry="old", **first), answer(ACME, industry="new", **second))
    assert lead(found, 1).company_industry == industry


def test_one_answer_serves_the_leads_of_every_batch() -> None:
    other = replace(added(7), batch_id=NEXT_BATCH)
    end = [replace(event, batch_id=NEXT_BATCH) for event in walked(7)]
    found = one(*walked(1), launched(*STEPS, batch_id=NEXT_BATCH), other, *end, answer(ACME))
    assert lead(found, 1).company_domain == lead(found, 7).company_domain == "acme.com"


def test_another_client_s_answer_is_nobody_else_s() -> None:
    found = one(*walked(1), answer(ACME, client_id=OTHER_CLIENT), answer(ANN, client_id=OTHER_CLIENT))
    assert (lead(found, 1).company_domain, lead(found, 1).person_headline) == (None, None)
    found = one(answer(ACME), *walked(1), answer(ACME, hours=5, client_id=OTHER_CLIENT, industry="Toys"))
    assert lead(found, 1).company_industry == "Tools"


def test_a_person_s_jobs_are_rows_and_a_newer_answer_replaces_them() -> None:
    found = one(answer(ANN))
    assert [(job.ordinal, job.company_name, job.is_current) for job in found.state.jobs.values()] == [
        (0, "Acme", True), (1, "Beta", False),
    ]  # fmt: skip
    assert found.state.job_counts == {}
    found.given(answer(ANN, hours=9, experience=WHO["experience"][:1]))
    assert found.state.job_counts == {ANN: 1}


def test_repeated_words_change_no_lead() -> None:
    events = [answer(ACME), answer(ANN), *walked(1)]
    found = one(*events)
    before = dict(found.state.leads)
    found.given(*(told_again(event) for event in events), fact(BatchCancelled()))
    assert found.state.leads == before


def test_answers_of_two_workflows_stand_beside_each_other() -> None:
    mail = EnrichmentReceived("enrich_email", None, True, {"email": "ann@beta.com"}, {"provider": "finder"})
    found = one(*walked(1), answer(ANN), fact(mail, entity_id=ANN, hours=2, batch_id=None))
    assert (lead(found, 1).person_email, lead(found, 1).person_title) == ("ann@beta.com", "CEO")
    sources = {
        name: each["workflow"] for each in lead(found, 1).provenance for name in each["columns"] if "workflow" in each
    }
    assert (sources["person_email"], sources["person_title"]) == ("enrich_email", "enrich")
    assert {each.get("provider") for each in lead(found, 1).provenance} == {"finder", "clay", None}
    assert len(found.state.jobs) == 2


def test_an_answer_about_the_item_itself_reaches_its_lead_and_no_other() -> None:
    found = one(added(2), *walked(1), *walked(2))
    found.given(fact(EnrichmentReceived("score", None, True, FIRM | {"city": "x"}), entity_id=item_id(1), hours=5))
    assert (lead(found, 1).company_domain, lead(found, 2).company_domain) == ("acme.com", None)


def test_what_a_step_set_says_which_step() -> None:
    (told,) = [each for each in lead(one(*walked(1)), 1).provenance if each["source"] == "workflow"]
    assert (told["columns"], told["workflow"]) == (["company_name"], "tidy")
    assert told["event_id"] == walked(1)[0].id


def listed(*names: str, complete: bool = True, **about) -> Event:
    customers = [ListedCustomer(name=name) for name in names]
    return fact(CustomersListed(UPLOAD, customers, complete), batch_id=None, **about)


def settled(found: Specification, *events: Event) -> Specification:
    """The events, and whatever follows from them."""
    found.when(*events)
    while found.following:
        found.when(*found.following)
    return found


def test_a_customer_list_that_comes_later_is_held_against_every_lead() -> None:
    found = one(answer(ACME), answer(ANN), *walked(1))
    before = lead(found, 1)
    assert before.is_worked_at_customer is None
    settled(found, listed("Nobody", hours=9))
    assert lead(found, 1).is_worked_at_customer is False
    settled(found, listed("Beta Inc.", hours=30))
    after = lead(found, 1)
    assert (after.is_worked_at_customer, after.reference_date) == (True, before.reference_date)
    (derived,) = [each for each in after.provenance if each["source"] == "derived"]
    assert derived["customer"] == "beta"
    assert after.projected_at == START + timedelta(hours=30)


MORE = named_id("import", "more")
CUSTOMERS = {
    UPLOAD: [ListedCustomer("Beta Inc", "beta.com"), ListedCustomer("Beta", "beta.de"), ListedCustomer("Gamma")],
    MORE: [ListedCustomer("Delta"), ListedCustomer(domain="beta.com")],
}


@pytest.mark.parametrize(("said", "left"), [
    ({"customers": [ListedCustomer(domain="https://www.beta.com/de")]}, "beta beta.de delta gamma"),
    ({"customers": [ListedCustomer("BETA")]}, "delta gamma"),
    ({"customers": [ListedCustomer("Beta", "beta.de")]}, "beta beta.com delta gamma"),
    ({"customers": [ListedCustomer("Nobody"), ListedCustomer()]}, "beta beta.com beta.de delta gamma"),
    ({"upload_id": UPLOAD}, "beta.com delta"), ({"upload_id": MORE}, "beta beta.com beta.de gamma"),
    ({"kept_upload_id": MORE}, "beta.com delta"), ({"everything": True}, ""),
    ({"upload_id": MORE, "customers": [ListedCustomer("Gamma Ltd")]}, "beta beta.com beta.de"),
    ({"everything": True, "client_id": OTHER_CLIENT}, "beta beta.com beta.de delta gamma"),
])  # fmt: skip
def test_customers_that_are_none_any_more(said: dict, left: str) -> None:
    found = one(*walked(1))
    settled(found, *(fact(CustomersListed(name, told, True), batch_id=None) for name, told in CUSTOMERS.items()))
    about = {"client_id": said.pop("client_id", CLIENT)}
    settled(found, fact(CustomersRemoved(**said), batch_id=None, **about))
    assert " ".join(sorted(found.state.customer_keys[CLIENT])) == left
    assert {customer.key for customer in found.state.customers.values()} == set(left.split())
    assert not found.state.customers_gone & found.state.customers.keys()


def test_leads_are_held_against_the_customers_that_are_left() -> None:
    found = settled(one(answer(ACME), answer(ANN), *walked(1)), listed("Beta Inc."), listed("Delta", hours=2))
    assert lead(found, 1).is_worked_at_customer is True
    settled(found, fact(CustomersRemoved([ListedCustomer("Beta")]), batch_id=None, hours=9))
    assert lead(found, 1).is_worked_at_customer is False
    settled(found, fact(CustomersRemoved(everything=True), batch_id=None, hours=10))
    assert lead(found, 1).is_worked_at_customer is None
    settled(found, listed("Beta", hours=11))
    assert lead(found, 1).is_worked_at_customer is True


def test_leads_are_made_again_piece_by_piece_and_only_when_a_list_is_whole() -> None:
    found = projector(launched(*STEPS, items=9), *(added(row, email="a@b.com") for row in (1, 2, 1203)))
    found.given(*(event for row in (1, 2, 1203) for event in walked(row)))
    found.when(listed("Beta", complete=False)).then()
    pieces = [ReprojectionDue(0, 500), ReprojectionDue(500, 1000), ReprojectionDue(1000, 1203)]
    found.when(listed("Gamma")).then(*pieces)
    assert [event.batch_id for event in found.following] == [BATCH] * 3
    found.when(listed("Gamma", client_id=OTHER_CLIENT)).then()


def test_a_lead_in_which_nothing_changes_stays_as_it_is() -> None:
    found = settled(one(answer(ACME), answer(ANN), *walked(1)), listed("Beta"))
    before = lead(found, 1)
    assert lead(settled(found, listed("Delta", hours=40)), 1) == before


def test_an_answer_that_was_not_understood_is_read_again_under_a_mapping() -> None:
    found = one(*walked(1), fact(EnrichmentReceived("enrich", None, True, {"Sitz": {"Ort": "Bonn"}}), entity_id=ACME))
    assert [each.columns for each in found.state.answers.values()] == [0]
    mapped = WorkflowConfigured("enrich", "apollo_scrape", {"answer_mapping": {"company_city": "Sitz.Ort"}})
    settled(found, fact(mapped, batch_id=None, hours=9))
    assert [each.columns for each in found.state.answers.values()] == [1]
    assert (lead(found, 1).company_city, lead(found, 1).projected_at) == ("Bonn", START + timedelta(hours=9))
    found.when(fact(mapped, batch_id=None, hours=10)).then()
    settled(found, fact(ConfigurationRemoved("enrich", "apollo_scrape", "default"), batch_id=None, hours=11))
    assert (lead(found, 1).company_city, [each.columns for each in found.state.answers.values()]) == (None, [0])


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Items that walk, fail or are cancelled, and answers before, between and after."""
    items = draw(st.integers(1, 3))
    said = [event for item in range(items) for event in walked(item)]
    said += [
        answer(entity, hours=draw(st.integers(0, 50)), founded=1990 + n) for n, entity in enumerate([ACME, ANN] * 2)
    ]
    said += [fact(StepFailed(1, "enrich_company", "TIMEOUT", "", True), item=draw(st.integers(0, 2)), entity_id=ACME)]
    said += draw(st.lists(st.just(fact(BatchCancelled())), max_size=1))
    births = [added(item, email=f"{item}@acme.com") for item in range(items)]
    known = {None, *map(item_id, range(items))}
    mixed = draw(st.permutations([event for event in said if event.item_id in known]))
    return [launched(*STEPS, items=items), *births, *mixed]


@given(histories())
def test_every_ended_item_is_one_lead_as_it_stands_at_the_end(history: list[Event]) -> None:
    found = projector(*history)
    ended = {item.item_id: item for item in found.state.items.values() if item.outcome}
    assert {row.item_id: row.outcome for row in found.state.leads.values()} == {
        name: item.outcome for name, item in ended.items()
    }
    for row in found.state.leads.values():
        item = ended[row.item_id]
        assert (row.company_id, row.person_id) == (item.company_id, item.person_id)
        known = found.state.answers.get((item.company_id or "", "enrich", CLIENT))
        assert row.company_founded_year == (known and found.state.said[known.answer_id]["founded"])


@given(histories(), st.integers(1, 5))
def test_the_leads_do_not_depend_on_how_the_log_is_cut(history: list[Event], size: int) -> None:
    """A fresh state after every few events, with what the store would load of the items that have ended."""
    whole, cut, leads = projector(*history).state, projector(), {}
    for start in range(0, len(history), size):
        cut.state = reread(cut.state)
        cut.given(*history[start : start + size])
        leads |= cut.state.leads
    assert leads == whole.leads
    assert dict(cut.state.items) == dict(whole.items)


def reread(state: State) -> State:
    fresh = State()
    for name in ("batches", "items", "mappings"):
        table: Tracked = getattr(state, name)
        getattr(fresh, name).loaded(table.keys(), table.items())
    for answer in state.answers.values():
        fresh.answer(answer)
    fresh.added, fresh.said = dict(state.added), dict(state.said)  # read from the log, as often as need be
    fresh.customer_keys = {client: set(keys) for client, keys in state.customer_keys.items()}
    for item in state.items.values():
        if item.outcome:
            fresh.ended(item)
    return fresh
