"""What is sent of an item, and POSTs that cannot be made: without settings, or to what is no address."""

import ssl
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from aiohttp import ClientConnectorCertificateError
from structlog.testing import capture_logs

from services.dispatcher import posting
from services.dispatcher.due import Due
from services.dispatcher.posting import MAX_BODY, Post, about, fitting, send
from services.dispatcher.sending import Sender
from services.dispatcher.webhooks import Limits, Webhook, Webhooks
from shared.outcomes import Policy, Refusal
from shared.runtime.outgoing import UNANSWERED, session, unreachable
from shared.runtime.settings import Settings
from tests.unit.dispatching import ACME, LATER, at_company, current, dispatcher, scheduled
from tests.unit.facts import TENANT


@pytest.mark.parametrize(("config", "said"), [
    ({}, "no configuration for workflow"), ({"webhook_url": "acme"}, "there is no webhook_url that begins with http"),
])  # fmt: skip
async def test_what_is_lacking_is_said(config: dict[str, Any], said: str) -> None:
    dispatch = current(dispatcher(*at_company(ACME), scheduled(0)), ACME)
    post = Post(Due(dispatch, config, {}), Webhooks().of(TENANT, config), in_doubt=False)
    nothing = cast("Any", None)
    refusal = await send(nothing, Settings(), post, nothing)
    assert refusal is not None
    assert (refusal.code, refusal.retry_at) == ("CONFIGURATION", None)
    assert said in refusal.reason


@pytest.mark.parametrize("scope", ["company", "person", "item"])
@pytest.mark.parametrize("field", ["company_domain", "company_website"])
@pytest.mark.parametrize(("value", "is_sent"), [
    ("https://gmail.com/", False), ("www.facebook.com/bakery", False), ("", False), ("https://bakery.example/", True),
])  # fmt: skip
def test_no_domain_is_sent_that_is_not_a_company_s_own(scope: str, field: str, value: str, is_sent: bool) -> None:
    sent = about(scope, {"company_name": "Bakery", "email": "jo@bakery.example", field: value})
    own = {} if scope == "company" else {"email": "jo@bakery.example"}
    assert sent == {"company_name": "Bakery"} | own | ({field: value} if is_sent else {})


LONG, OURS = "x" * 60_000, {"item_id": "item_1", "notes": "ours"}


@pytest.mark.parametrize(("fields", "left_out"), [
    ({"company_domain": ACME, "description": "x" * (MAX_BODY - 100)}, []),
    ({"company_domain": ACME, "description": "x" * 200_000}, ["description"]),
    ({"company_domain": ACME, "a": LONG, "b": LONG + LONG, "c": LONG}, ["a", "b"]),
    ({"company_domain": ACME, "company_name": LONG + LONG, "short": "x"}, ["company_name"]),
    ({"company_domain": ACME, "a": LONG, "company_website": f"https://{ACME}/{LONG}"}, ["company_website"]),
    ({"a": LONG, "company_website": f"https://{ACME}/{LONG}"}, ["a"]),
    ({"email": "jo@acme.com", "notes": LONG, "b": [LONG]}, []),
])  # fmt: skip
def test_a_body_is_as_long_as_a_webhook_takes_and_says_whom_it_is_about(fields: dict, left_out: list[str]) -> None:
    body, told = fitting(fields, OURS)
    assert len(body) <= MAX_BODY
    sent = orjson.loads(body)
    assert sent == {name: value for name, value in fields.items() if name not in told} | OURS
    assert told == left_out


def test_of_many_columns_no_more_are_left_out_than_have_to_be() -> None:
    fields = {"company_domain": ACME} | {f"column {n:03}": "ü" * 300 for n in range(600)}
    body, told = fitting(fields, OURS)
    assert MAX_BODY - 700 < len(body) <= MAX_BODY
    assert told == [f"column {n:03}" for n in range(len(told))]


def test_what_would_be_too_long_without_all_that_may_be_left_out_stays_so() -> None:
    body, told = fitting({"company_website": f"https://{ACME}/{LONG}{LONG}", "a": "b"}, OURS)
    assert (len(body) > MAX_BODY, told) == (True, ["a"])


class Fence:
    """Of a replica that leads."""

    async def insist(self) -> None: ...


@pytest.mark.parametrize("url", ["http://[::1", "http://x:99999999/", "http://?x"])
async def test_an_address_that_was_kept_and_is_none_is_told_once_and_nothing_is_in_doubt(url: str) -> None:
    settings, config = Settings(signing_key="k" * 32), {"webhook_url": url}
    dispatch = current(dispatcher(*at_company(ACME), scheduled(0)), ACME)
    post = Post(Due(dispatch, config, {}), Webhooks().of(TENANT, config), in_doubt=False)
    async with session(settings) as client:
        refusal = await send(client, settings, post, cast("Any", Fence()))
    assert refusal is not None
    assert (refusal.code, refusal.retry_at, refusal.in_doubt, refusal.outage) == ("CONFIGURATION", None, False, False)


@pytest.mark.parametrize(("error", "again"), [
    (ValueError("Newline in headers"), False), (UnicodeError("label empty or too long"), False),
    (ssl.SSLCertVerificationError("expired"), True), (TimeoutError(), True),
])  # fmt: skip
def test_what_the_next_attempt_may_find_mended_is_tried_again(error: Exception, again: bool) -> None:
    if isinstance(error, ssl.SSLError):
        error = ClientConnectorCertificateError(cast("Any", SimpleNamespace(host="a", port=1, is_ssl=True)), error)
    assert isinstance(error, UNANSWERED)
    refusal = unreachable(error, attempt=1, policy=Policy(), now=LATER, jitter=0.5)
    assert (refusal.retry_at is not None) == again


async def test_an_error_of_our_own_is_tried_as_often_as_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(posting, "send", broken)
    nothing = cast("Any", None)
    sender = Sender(Settings(), nothing, nothing, Webhooks(), nothing, nothing)

    async def tried(config: dict[str, Any]) -> Refusal | None:
        dispatch = current(dispatcher(*at_company(ACME), scheduled(0)), ACME)
        post = Post(Due(dispatch, config, {}), Webhooks().of(TENANT, config), in_doubt=False)
        return await sender._attempt(post)

    (once, never_said, unusable) = [await tried(c) for c in ({"max_attempts": 1}, {}, {"max_attempts": "many"})]
    assert once is not None
    assert (once.code, once.retry_at) == ("INTERNAL", None)
    assert all(each is not None and each.retry_at for each in (never_said, unusable))


def test_that_a_webhook_is_nearly_full_is_said_once_and_again_where_its_limit_changes() -> None:
    """Whatever is refused meanwhile: which call is the one that makes it so is not known."""
    webhook = Webhook("https://hook.example", Limits(submissions=10), taken=6)
    refusal = Refusal("RATE_LIMIT", "no", LATER)

    def told(*outcomes: Refusal | None) -> list[int]:
        """What it had taken when it was said that it is nearly full, of calls that were out together."""
        with capture_logs() as said:
            for outcome, taken in [(outcome, webhook.accept(1)) for outcome in outcomes]:
                posting._learn(webhook, outcome, taken)
        return [line["taken"] for line in said if "nearly full" in line["event"]]

    assert told(None) == []
    assert told(refusal, None) == [9]
    assert told(refusal, None) == []
    webhook.adopt(Limits(submissions=11))
    assert told(None) == [10]
