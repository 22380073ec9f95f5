"""Leads as events make them: one for each item that has ended, made anew when more is known about its people."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.events import (
    BatchCancelled,
    ConfigurationRemoved,
    EnrichmentReceived,
    FailedItemsRetried,
    ItemCompleted,
    StepFailed,
    WorkflowConfigured,
)
from shared.ids import named_id
from tests.unit.facts import (
    BATCH,
    CLIENT,
    COMPANY_STEP,
    NEXT_BATCH,
    OTHER_CLIENT,
    START,
    added,
    fact,
    item_id,
    launched,
    told_again,
)
from tests.unit.projecting import ACME, ANN, FIRM, STEPS, WHO, answer, completed, lead, one, settled, walked


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


def test_an_address_that_a_step_set_has_not_the_status_of_the_uploaded_one() -> None:
    row = added(3, email="Ann@acme.com", email_status="valid")
    for email, status in (("ann@acme.com", "valid"), ("bob@acme.com", None)):
        found = one(row, completed(3, 0, output={"email": email}), completed(3, 2, ANN))
        assert (lead(found, 3).person_email, lead(found, 3).person_email_status) == (email, status)


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


FAILED = StepFailed(1, COMPANY_STEP.workflow, "TIMEOUT", "no answer", True)


def test_what_failed_and_is_retried_ends_as_it_ends_then() -> None:
    found = one(completed(1, 0), fact(FAILED, item=1), fact(FailedItemsRetried(everything=True)))
    assert lead(found, 1).outcome == "failed", "until it ends again"
    again = fact(FAILED, item=1, hours=4, nth=1)
    assert lead(found.given(again), 1).projected_at == again.occurred_at
    found.given(fact(FailedItemsRetried(everything=True), nth=1), *walked(1)[1:])
    assert lead(found, 1).outcome == "completed"


def test_what_is_retried_when_its_batch_is_cancelled_ends_as_cancelled() -> None:
    retried = fact(FailedItemsRetried(workflow=COMPANY_STEP.workflow, codes=["TIMEOUT"]))
    found = one(added(2), fact(FAILED, item=1), fact(replace(FAILED, code="API_ERROR"), item=2), retried)
    found.given(fact(BatchCancelled(), hours=3), completed(1, 1, ACME), completed(1, 2))
    assert (lead(found, 1).outcome, lead(found, 2).outcome) == ("cancelled", "failed")
    assert lead(found, 1).company_id == ACME, "an answer that came for it says whom it is about all the same"


def test_a_retry_of_a_cancelled_batch_takes_nothing_again() -> None:
    found = one(fact(FAILED, item=1), fact(BatchCancelled()), fact(FailedItemsRetried(everything=True)))
    assert lead(found.given(*walked(1)), 1).outcome == "failed"


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
        ({"hours": 1, "last_refresh": "2026-01-05"}, {"hours": 2, "last_refresh": "2026-01-05"}, "new"),
        ({"hours": 2, "last_refresh": "2026-01-05"}, {"hours": 1, "last_refresh": "2026-01-05"}, "old"),
        ({"hours": 1, "last_refresh": "2062-01-01"}, {"hours": 2}, "new"),
        ({"hours": 1, "last_refresh": "2062-01-01"}, {"hours": 2, "last_refresh": "2026-01-05"}, "old"),
        ({"hours": 1}, {"hours": 2, "found": False}, "old"),
        ({"hours": 1, "Last Refresh": "2026-01-05"}, {"hours": 2, "lastRefresh": "2026-01-04"}, "old"),
        ({"hours": 1, "last_refresh": 1767607200}, {"hours": 2, "last_refresh": "2026-01-05 09:59"}, "old"),
        ({"hours": 1, "last_refresh": "1767607200001"}, {"hours": 2, "last_refresh": "2026-01-05 10:00"}, "old"),
        ({"hours": 1, "last_refresh": "2026-01-05T01:00+02:00"}, {"hours": 2, "last_refresh": "2026-01-05"}, "new"),
        ({"hours": 1, "last_refresh": "2026-01-05"}, {"hours": 2, "last_refresh": "Jan 4, 2026"}, "old"),
        ({"hours": 1, "last_refresh": "2027"}, {"hours": 2}, "new"),
    ],
)
def test_the_newest_look_at_a_company_wins(first, second, industry: str) -> None:
    found = one(*walked(1), answer(ACME, industry="old", **first), answer(ACME, industry="new", **second))
    assert lead(found, 1).company_industry == industry


def test_the_same_answer_told_again_changes_no_lead() -> None:
    first = answer(ACME, last_refresh="2026-01-05")
    found = one(*walked(1), first)
    before = lead(found, 1)
    assert lead(found.given(answer(ACME, hours=3, last_refresh="2026-01-05")), 1) == before


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
    assert found.state.job_counts == {(ANN, CLIENT): 1}
    found.given(answer(ANN, hours=9, client_id=OTHER_CLIENT, experience=WHO["experience"][:1]))
    assert {client for _, client, _ in found.state.jobs} == {CLIENT, OTHER_CLIENT}
    assert len(found.state.jobs) == 3


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


def test_an_answer_that_a_step_has_set_fields_from_is_read() -> None:
    told = fact(EnrichmentReceived("ask", None, True, {"phone": {"number": "+49 170 1234567"}}), entity_id=ANN)
    done = fact(ItemCompleted(2, "ask", {"mobile_phone": "+49 170 1234567"}, told.id, True), item=1, entity_id=ANN)
    found = one(*walked(1)[:2], told, done, told_again(done))
    assert lead(found, 1).person_phone == "+49 170 1234567"
    assert [(each.columns, each.fields) for each in found.state.answers.values()] == [(0, 1)]
    mapped = WorkflowConfigured("ask", "apollo_scrape", {"answer_mapping": {"person_phone": "phone.number"}})
    settled(found, fact(mapped, batch_id=None, hours=9))
    assert [(each.columns, each.fields) for each in found.state.answers.values()] == [(1, 1)]
    newer = EnrichmentReceived("ask", None, True, {"last_refresh": "2030-01-01", "phone": {}})
    found.given(fact(newer, entity_id=ANN, hours=10))
    assert [(each.columns, each.fields) for each in found.state.answers.values()] == [(0, 0)]


def test_what_a_step_set_says_which_step() -> None:
    (told,) = [each for each in lead(one(*walked(1)), 1).provenance if each["source"] == "workflow"]
    assert (told["columns"], told["workflow"]) == (["company_name"], "tidy")
    assert told["event_id"] == walked(1)[0].id


MOBILE = {"mobile_phone": "+49 170 1234567"}


@pytest.mark.parametrize(("outputs", "wanted"), [
    ([{"email": "ann@acme.com"}], {"email": 0, "email_status": 0}),
    ([MOBILE, MOBILE | {"email": "ann@acme.com"}], {"phone": 1, "email": 0, "email_status": 0}),
    ([MOBILE, {"mobile_phone": None}, MOBILE], {"phone": 3, "email": 0, "email_status": 0}),
    ([{"email": "b@acme.com"}, {"email": "Ann@acme.com"}, {"email": "ann@acme.com"}], {"email": 2}),
    ([{"email": "b@acme.com", "email_status": "valid"}, {"email_status": "valid"}], {"email": 1, "email_status": 1}),
])  # fmt: skip
def test_who_repeats_a_value_is_not_its_source(outputs: list[dict], wanted: dict[str, int]) -> None:
    row = added(3, email="Ann <Ann@acme.com>", email_status="valid")
    steps = [completed(3, 0, hours=hour, output=output) for hour, output in enumerate(outputs, 1)]
    steps = [replace(step, id=named_id("evt", str(hour))) for hour, step in enumerate(steps, 1)]
    told = lead(one(row, *steps, completed(3, 2, ANN)), 3).provenance
    found = {name: each["event_id"] for each in told for name in each["columns"] if name.startswith("person_")}
    assert found == {f"person_{name}": [row, *steps][number].id for name, number in wanted.items()}


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


@pytest.mark.parametrize("named", [None, item_id(1)])
def test_an_answer_that_named_nobody_is_filed_under_whom_its_call_was_about(named: str | None) -> None:
    told = replace(answer(ACME), entity_id=named, payload=replace(answer(ACME).payload, workflow=COMPANY_STEP.workflow))
    found = one(added(2), told)
    found.state.unplaced = {told.id: told}
    for item in (1, 2):
        found.given(completed(item, 1, ACME, answer_id=told.id, found=True), completed(item, 2, ANN))
        assert lead(found, item).company_domain == "acme.com"


def test_what_was_answered_of_a_company_stays_when_it_is_known_by_a_surer_key() -> None:
    by_name = named_id("company", "acme by name")
    before = [answer(by_name, founded=1950), completed(1, 0), completed(1, 1, by_name)]
    failure = fact(StepFailed(2, "enrich", "TIMEOUT", "no answer", True), item=1, entity_id=ACME)
    found = one(*before, failure)
    assert (lead(found, 1).company_id, lead(found, 1).company_founded_year) == (ACME, 1950)
    found.given(answer(ACME, hours=5, founded=None, industry="Toys"))
    found.given(answer(by_name, hours=6, founded=1952))
    assert lead(found, 1).company_founded_year == 1952, "it is still found by what it was known by"
    assert lead(found, 1).company_industry == "Toys", "and the surer one wins, however old"


def test_a_refresh_that_named_nobody_takes_the_place_of_what_was_known() -> None:
    flow = COMPANY_STEP.workflow
    named, refresh = answer(ACME, industry="Old"), answer(ACME, hours=3, industry="New")
    named = replace(named, payload=replace(named.payload, workflow=flow))
    refresh = replace(refresh, entity_id=None, payload=replace(refresh.payload, workflow=flow))
    found = one(named, refresh)
    found.state.unplaced = {refresh.id: refresh}
    found.given(completed(1, 1, ACME, answer_id=refresh.id, found=True), completed(1, 2, ANN))
    assert lead(found, 1).company_industry == "New"
