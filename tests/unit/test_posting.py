"""What is sent of an item, and a POST whose settings are gone when its time comes."""

from typing import Any, cast

import pytest

from services.dispatcher.due import Due
from services.dispatcher.posting import Post, about, send
from services.dispatcher.webhooks import Webhooks
from shared.runtime.settings import Settings
from tests.unit.dispatching import ACME, at_company, current, dispatcher, scheduled


@pytest.mark.parametrize(("config", "said"), [
    ({}, "no configuration for workflow"), ({"webhook_url": "acme"}, "there is no webhook_url that begins with http"),
])  # fmt: skip
async def test_what_is_lacking_is_said(config: dict[str, Any], said: str) -> None:
    dispatch = current(dispatcher(*at_company(ACME), scheduled(0)), ACME)
    post = Post(Due(dispatch, config, {}), Webhooks().of(config), in_doubt=False)
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
