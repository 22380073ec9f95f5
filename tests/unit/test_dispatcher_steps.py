"""What steps take from a blueprint: settings by name, fields that let them be skipped, what answers set and give."""

from dataclasses import replace

import pytest

from services.dispatcher.answers import fields_set
from services.dispatcher.configuration import config_of
from shared.events import BlueprintStep, ConfigurationRemoved, EnrichmentReceived, ItemCompleted
from tests.unit.dispatching import (
    FLOW,
    LATER,
    answered,
    at_company,
    claim,
    company_id,
    configured,
    current,
    dispatcher,
    scheduled,
    sent,
    timed_out,
    unasked,
)
from tests.unit.facts import (
    BATCH,
    COMPANY_STEP,
    NEXT_BATCH,
    OTHER_CLIENT,
    SYNC_STEP,
    added,
    fact,
    item_id,
    launched,
)

ACME = "acme.com"
EMAIL = BlueprintStep("enrich_email", "ASYNC", "person", sets={"email": ["email", "emails.0.address"]})


def named(name: str, **config):
    event = configured(**config)
    return fact(replace(event.payload, name=name), batch_id=None)


def refreshed(*items: int):
    """Another batch of the same client that wants new answers."""
    rows = [added(item, batch_id=NEXT_BATCH, company_domain=ACME) for item in items]
    own = {FLOW: {"force_refresh": True}}
    steps = [scheduled(item, hours=5, batch_id=NEXT_BATCH) for item in items]
    return [launched(COMPANY_STEP, items=len(rows), batch_id=NEXT_BATCH, config=own, hours=5), *rows, *steps]


def test_a_step_goes_by_the_configuration_it_names() -> None:
    second = replace(COMPANY_STEP, configuration="second")
    batch = dispatcher(configured(burst=1), named("second", burst=2), launched(second)).state
    found = batch.batches[BATCH]
    assert config_of(batch, found, found.blueprint[0]) == {"burst": 2}
    assert config_of(batch, found, found.blueprint[0] | {"configuration": "default"}) == {"burst": 1}


def test_a_configuration_that_was_removed_fails_the_step_before_anything_is_sent() -> None:
    removed = fact(ConfigurationRemoved(FLOW, "apollo_scrape", "default"), batch_id=None)
    batch = dispatcher(*at_company(ACME), removed).when(scheduled(0))
    assert batch.following[0].payload.code == "CONFIGURATION"
    assert batch.state.dispatches == {}


@pytest.mark.parametrize(
    ("unless", "fields", "skips"),
    [
        (["company_size"], {"company_size": "51-200"}, True),
        (["company_size"], {"company_size": 0}, True),
        (["company_size"], {"company_size": ""}, False),
        (["company_size", "company_city"], {"company_size": "1"}, False),
        ([], {}, False),
    ],
)
def test_a_step_is_skipped_by_items_that_have_its_fields(unless: list[str], fields: dict, skips: bool) -> None:
    step = replace(COMPANY_STEP, unless=unless)
    batch = dispatcher(configured(), launched(step), added(0, company_domain=ACME, **fields)).when(scheduled(0))
    assert (len(batch.following), len(batch.state.dispatches)) == ((1, 0) if skips else (0, 1))
    if skips:
        batch.then(ItemCompleted(0, FLOW, skipped="fields_already_there"))


def test_a_sync_step_is_skipped_too() -> None:
    step = replace(SYNC_STEP, unless=["company_domain"])
    batch = dispatcher(launched(step), added(0, company_domain=ACME))
    batch.when(scheduled(0, blueprint=step)).then(ItemCompleted(0, "tidy", skipped="fields_already_there"))


def test_an_answer_sets_fields_that_later_steps_see() -> None:
    people = [added(n, email="", person_linkedin_url="linkedin.com/in/ann") for n in (0, 1, 2)]
    batch = dispatcher(configured(EMAIL.workflow), launched(EMAIL, items=3), *people)
    batch.when(scheduled(0, blueprint=EMAIL), scheduled(1, blueprint=EMAIL)).then()
    (dispatch,) = batch.state.dispatches.values()
    payload = EnrichmentReceived(EMAIL.workflow, dispatch.dispatch_id, True, {"emails": [{"address": "Ann@Acme.com"}]})
    answer = fact(payload, entity_id=dispatch.entity_id)
    outputs = [event.payload.output for event in batch.when(answer).following]
    assert outputs == [{"email": "ann@acme.com"}] * 2
    batch.given(*batch.following)
    assert batch.state.fields_of(batch.state.items[item_id(1)])["email"] == "ann@acme.com"

    batch.state.answers[answer.id] = payload.answer  # as the store has brought it in
    batch.when(scheduled(2, blueprint=EMAIL))
    assert batch.following[0].payload.output == {"email": "ann@acme.com"}
    assert batch.following[0].payload.skipped == "person_already_enriched"


def test_what_sets_a_field_was_found_though_it_could_be_the_row_sent_back() -> None:
    people = [added(n, person_linkedin_url="linkedin.com/in/ann") for n in (0, 1)]
    step = replace(EMAIL, sets={"title": ["title"]})
    batch = dispatcher(configured(step.workflow), launched(step, items=2), *people)
    batch.given(scheduled(0, blueprint=step))
    (dispatch,) = batch.state.dispatches.values()
    payload = EnrichmentReceived(step.workflow, dispatch.dispatch_id, False, {"full_name": "Ann Ex", "title": "CEO"})
    answer = fact(payload, entity_id=dispatch.entity_id)
    batch.when(answer)
    assert [(e.payload.output, e.payload.found) for e in batch.following] == [({"title": "CEO"}, True)]
    batch.state.answers[answer.id] = payload.answer  # as the store has brought it in
    batch.when(scheduled(1, blueprint=step))
    assert [(e.payload.found, e.payload.skipped) for e in batch.following] == [(True, "person_already_enriched")]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"email": "not found"}, {}),
        ({"email": "x@y.com", "size": " 11 "}, {"email": "x@y.com", "size": "11"}),
        ({"details": {"size": 11}}, {"size": 11}),
        ({"Email": "x@y.com", "Details": {"Size": 11}}, {"email": "x@y.com", "size": 11}),
        ({"details": [], "emails": {"0": 1}}, {}),
        (None, {}),
        ([{"email": "x@y.com"}], {}),
        ({"phone": "No mobile found"}, {}),
        ({"phone": "mobile", "phones": ["+49 170 1234567"]}, {"mobile_phone": "+49 170 1234567"}),
    ],
)
def test_fields_of_an_answer(answer: object, found: dict) -> None:
    sets = {"email": ["email", "emails.0"], "size": ["size", "details.size", "details.0"]}
    sets |= {"mobile_phone": ["phone", "phones.0"]}
    assert fields_set(sets, answer) == found
    assert fields_set({}, answer) is None


def test_a_step_of_a_path_that_is_no_place_in_a_list_finds_nothing() -> None:
    assert fields_set({"size": ["sizes.²", "sizes.7", "sizes.0"]}, {"sizes": [11]}) == {"size": 11}
    assert fields_set({"size": ["sizes.²", "sizes.01"]}, {"sizes": {"²": "11"}}) == {"size": "11"}


def test_a_function_that_reads_answers_is_given_those_of_its_item() -> None:
    step = replace(SYNC_STEP, reads_answers=True)
    seen = []
    batch = dispatcher(
        launched(step), added(0, company_domain=ACME), workflows={"tidy": lambda f: seen.append(f) or {}}
    )
    told = {"answers": {"enrich_person": {"name": "Ann"}}, "answers_about": {"enrich_person": "person"}}
    batch.state.told[item_id(0)] = told
    batch.when(scheduled(0, blueprint=step)).then(ItemCompleted(0, "tidy", output={}))
    assert seen == [{"company_domain": ACME} | told]


def test_an_answer_that_nobody_had_asked_for_is_there_for_who_asks() -> None:
    early = unasked(ACME)
    batch = dispatcher(early, *at_company(ACME)).when(scheduled(0, hours=1))
    batch.then(ItemCompleted(0, FLOW, None, early.id, True, "company_already_enriched", None))
    assert batch.state.dispatches == {}


def test_an_early_answer_by_another_client_is_not_taken() -> None:
    batch = dispatcher(unasked(ACME, client_id=OTHER_CLIENT), *at_company(ACME)).when(scheduled(0)).then()
    assert claim(batch, ACME).claimant_item_id == item_id(0)
    assert len(batch.state.dispatches) == 1


def test_an_early_answer_that_found_nothing_asks_again() -> None:
    nothing = fact(EnrichmentReceived(FLOW, None, False, {}), entity_id=company_id(ACME), batch_id=None)
    batch = dispatcher(nothing, *at_company(ACME)).when(scheduled(0)).then()
    assert len(batch.state.dispatches) == 1


def test_a_refresh_while_a_retry_is_out_waits_for_that_one() -> None:
    batch = dispatcher(*at_company(ACME), scheduled(0))
    first = current(batch, ACME)
    batch.given(sent(first), timed_out(first, retry_at=LATER))
    second = current(batch, ACME)
    batch.given(sent(second), answered(first, hours=4)).when(*refreshed(7)).then()
    assert current(batch, ACME).dispatch_id == second.dispatch_id
    assert [d.status for d in batch.state.dispatches.values()] == ["ANSWERED", "SENT"]
    newer = answered(second, hours=6)
    batch.when(newer).then(ItemCompleted(0, FLOW, None, newer.id, True))
    assert batch.following[0].item_id == item_id(7)
