"""A scheduled step: done here, refused for a clear reason, or asked for; and what settings say about it."""

from dataclasses import asdict
from typing import Any

import pytest

from services.dispatcher.configuration import config_of
from services.dispatcher.domain import asked
from shared.envelope import to_json
from shared.events import BatchCancelled, ItemCompleted, StepFailed
from tests.unit.dispatching import (
    FLOW,
    answered,
    at_company,
    claim,
    completion,
    configured,
    current,
    dispatcher,
    scheduled,
)
from tests.unit.facts import (
    BATCH,
    CLIENT,
    COMPANY_STEP,
    ITEM_STEP,
    OTHER_CLIENT,
    PERSON_STEP,
    SYNC_STEP,
    added,
    fact,
    item_id,
    launched,
)


def tidied(**output) -> ItemCompleted:
    return ItemCompleted(0, "tidy", output=output)


def test_a_sync_step_is_done_here() -> None:
    batch = dispatcher(launched(SYNC_STEP), added(1, company_domain="ACME.com"))
    batch.when(scheduled(1, blueprint=SYNC_STEP)).then(tidied(company_domain="acme.com"))
    assert (batch.following[0].item_id, batch.following[0].batch_id) == (item_id(1), BATCH)


def test_what_a_sync_step_set_tells_the_entity_of_the_next() -> None:
    row = added(1, company_name="Acme", city="Bonn")
    batch = dispatcher(configured(), launched(SYNC_STEP, COMPANY_STEP), row)
    batch.given(fact(tidied(company_domain="acme.com"), item=1), scheduled(1, 1))
    assert claim(batch, "acme.com").basis == "domain"
    assert batch.state.items[item_id(1)].output == {"company_domain": "acme.com"}


def test_a_sync_workflow_that_raises_fails_its_step_only() -> None:
    batch = dispatcher(launched(SYNC_STEP), added(1))
    failure = StepFailed(0, "tidy", "INTERNAL", "KeyError: 'company_domain'", retryable=False, attempts=1)
    batch.when(scheduled(1, blueprint=SYNC_STEP)).then(failure)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ({"when": object()}, "what is no JSON: Type is not JSON serializable: object"),
        ({"deep": {1: 2}}, "what is no JSON"),
        ({"size": 2**70}, "what is no JSON"),
        ({"name": "Acme\x00"}, "text with a NUL character"),
        ({"name": "\ud800"}, "what is no JSON"),
        (["a"], "list, not a dict of fields"),
        (None, "NoneType, not a dict of fields"),
    ],
)
def test_a_sync_workflow_whose_output_no_event_can_hold_fails_its_step(output: Any, says: str) -> None:
    batch = dispatcher(launched(SYNC_STEP), added(1), workflows={"tidy": lambda _: output})
    batch.when(scheduled(1, blueprint=SYNC_STEP))
    failure = batch.following[0].payload
    assert (type(failure), failure.code, failure.retryable) == (StepFailed, "INTERNAL", False)
    assert failure.reason.startswith(f"TypeError: the workflow returned {says}")
    to_json(batch.following[0])


def test_a_sync_workflow_cannot_change_the_item_s_fields_but_by_its_output() -> None:
    batch = dispatcher(launched(SYNC_STEP), added(1, a=1), workflows={"tidy": lambda fields: fields.clear()})
    batch.when(scheduled(1, blueprint=SYNC_STEP))
    assert batch.state.fields_of(batch.state.items[item_id(1)]) == {"a": 1}


def test_a_sync_workflow_that_is_not_installed_is_named() -> None:
    batch = dispatcher(launched(SYNC_STEP), added(1), workflows={})
    batch.when(scheduled(1, blueprint=SYNC_STEP))
    failure = batch.following[0].payload
    assert (failure.code, failure.retryable) == ("CONFIGURATION", True)
    assert "tidy is not installed" in failure.reason


def test_a_missing_configuration_fails_the_step_before_anything_is_sent() -> None:
    others = (configured("enrich_person"), configured(client_id=OTHER_CLIENT))
    batch = dispatcher(*others, launched(COMPANY_STEP), added(1, company_domain="acme.com"))
    batch.when(scheduled(1))
    failure = batch.following[0].payload
    assert (failure.code, failure.workflow, failure.retryable) == ("CONFIGURATION", FLOW, True)
    assert all(part in failure.reason for part in (FLOW, "apollo_scrape", CLIENT, "leadstream config set"))
    assert (batch.state.claims, batch.state.dispatches, batch.state.waiters) == ({}, {}, {})


@pytest.mark.parametrize("days", ["soon", "nan", "", [], {}, 1e300, "1e9"])
def test_a_freshness_that_is_no_number_of_days_fails_the_step_and_says_so(days) -> None:
    batch = dispatcher(*at_company("acme.com", freshness_days=days))
    batch.when(scheduled(0))
    failure = batch.following[0].payload
    assert (failure.code, failure.retryable) == ("CONFIGURATION", True)
    assert failure.reason.startswith(f"freshness_days of workflow {FLOW} is ")
    assert batch.state.claims == {}


def test_a_batch_s_own_settings_go_over_the_client_s() -> None:
    own = {FLOW: {"rate_per_second": 1}, "enrich_person": {"webhook_url": "https://p.example"}}
    batch = dispatcher(configured(rate_per_second=9, burst=3), launched(COMPANY_STEP, config=own)).state
    found = batch.batches[BATCH]
    assert config_of(batch, found, asdict(COMPANY_STEP)) == {"rate_per_second": 1, "burst": 3}
    assert config_of(batch, found, asdict(PERSON_STEP)) == {"webhook_url": "https://p.example"}
    assert config_of(batch, found, asdict(ITEM_STEP)) is None


def test_settings_saved_again_replace_the_earlier_ones_whole() -> None:
    batch = dispatcher(configured(burst=3), configured(rate_per_second=1), launched(COMPANY_STEP)).state
    assert config_of(batch, batch.batches[BATCH], asdict(COMPANY_STEP)) == {"rate_per_second": 1}


@pytest.mark.parametrize(("step", "wanted"), [(COMPANY_STEP, "a company domain"), (PERSON_STEP, "a LinkedIn profile")])
def test_a_row_that_names_nobody_fails_and_says_what_is_wanted(step, wanted: str) -> None:
    batch = dispatcher(configured(step.workflow), launched(step), added(1, title="CEO"))
    batch.when(scheduled(1, blueprint=step))
    failure = batch.following[0].payload
    assert (failure.code, failure.retryable) == ("VALIDATION", False)
    assert wanted in failure.reason


def test_a_row_whose_employer_is_none_takes_the_step_without_a_company() -> None:
    batch = dispatcher(configured(), launched(COMPANY_STEP), added(1, company_name="Self-employed"))
    batch.when(scheduled(1)).then(ItemCompleted(0, FLOW, skipped="no_company_named"))
    assert batch.state.claims == {}


def test_two_workflows_about_one_company_are_two_calls() -> None:
    other = type(COMPANY_STEP)("find_news", "ASYNC", "company")
    batch = dispatcher(
        configured(), configured("find_news"), launched(COMPANY_STEP, other), added(1, company_domain="a.com")
    )
    batch.given(scheduled(1))
    answer = answered(current(batch, "a.com"))
    batch.when(answer).then(completion(answer, 1, 1))
    batch.when(scheduled(1, 1, other)).then()
    assert {workflow for _, workflow in batch.state.claims} == {FLOW, "find_news"}


@pytest.mark.parametrize("step", [SYNC_STEP, COMPANY_STEP, ITEM_STEP])
def test_a_step_of_a_cancelled_batch_is_not_taken(step) -> None:
    batch = dispatcher(configured(step.workflow), launched(step), added(1, company_domain="a.com"))
    batch.given(fact(BatchCancelled()))
    batch.when(scheduled(1, blueprint=step)).then()
    assert batch.state.dispatches == {}


def test_which_claims_events_will_ask_for_is_known_before_they_are_folded() -> None:
    """The store loads these: an item of the same events counts, and so do the fields they set."""
    events = [
        launched(SYNC_STEP, COMPANY_STEP), added(1, company_domain="old.com"),
        fact(tidied(company_domain="new.com"), item=1), scheduled(1, 1),
    ]  # fmt: skip
    ahead = [(entity.entity_id, event.payload.workflow) for event, entity in asked(dispatcher().state, events)]
    batch = dispatcher(configured(), *events)
    assert ahead == list(batch.state.claims) == [(claim(batch, "new.com").entity_id, FLOW)]


def test_an_entity_that_was_foreseen_is_the_one_that_is_asked_for_and_once_only() -> None:
    events = [
        configured(), launched(SYNC_STEP, COMPANY_STEP), added(1, company_domain="old.com"), scheduled(1),
        fact(tidied(company_domain="new.com"), item=1), scheduled(1, 1),
    ]  # fmt: skip
    batch = dispatcher()
    list(asked(batch.state, events))
    assert [entity and entity.key for entity in batch.state.asked_for.values()] == [None, "new.com"]
    assert batch.given(*events).state == dispatcher(*events).state
