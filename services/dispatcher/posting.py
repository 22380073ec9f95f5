"""One POST to a provider: what is sent, what came of it, and the event that records it."""

import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import aiohttp
import orjson
import structlog

from services.dispatcher.configuration import not_configured
from services.dispatcher.due import Due
from services.dispatcher.state import Dispatch
from services.dispatcher.webhooks import NEARLY_FULL, Webhook
from shared.canonical import company_domain
from shared.entities import is_told_by, scope_of
from shared.envelope import Event, outcome_id, stated
from shared.events import DispatchRefused, Scope, StepDispatched
from shared.ids import named_id
from shared.outcomes import Policy, Refusal, of_status, retry_after
from shared.runtime import clock
from shared.runtime.lease import Fence
from shared.runtime.outgoing import UNANSWERED, hear, unreachable
from shared.runtime.public_addresses import leads_inside
from shared.runtime.secrets import secret
from shared.runtime.settings import Settings
from shared.tokens import CallbackToken, sign

MAX_BODY: Final = 100_000
DOMAINS: Final = ("company_domain", "company_website")
TOKEN_LIFE: Final = timedelta(days=30)
ACTOR: Final = named_id("actor", "dispatcher")
logger = structlog.get_logger()


@dataclass(slots=True)
class Post:
    """One dispatch about to be sent. `in_doubt`: it may have been sent already, before a crash. `out`: it is sent,
    without the fields `left_out`.
    """

    due: Due
    webhook: Webhook
    in_doubt: bool
    out: bool = False
    left_out: list[str] = field(default_factory=list)

    @property
    def dispatch(self) -> Dispatch:
        return self.due.dispatch

    @property
    def scope(self) -> Scope:
        return scope_of(self.dispatch.entity_id)


async def send(client: aiohttp.ClientSession, settings: Settings, post: Post, fence: Fence) -> Refusal | None:
    """POST it in the webhook's turn; None for success. Raises NotNow while the webhook is left alone.

    Raises Lost, or psycopg.Error, where the lease was lost before its turn came.
    """
    webhook, dispatch = post.webhook, post.dispatch
    if not post.due.config:
        why = not_configured(dispatch.workflow, dispatch.workstream, dispatch.client_id)
        return Refusal("CONFIGURATION", why, None)
    try:
        policy = Policy.of(post.due.config)
        headers = _headers(post, settings)
    except (ValueError, TypeError) as error:
        return _unusable(str(error))
    except LookupError as error:
        return Refusal("CONFIGURATION", str(error.args[0]), None)
    if webhook.problem:
        return _unusable(webhook.problem)
    if since := waited_in_vain(post.due, webhook):
        why = f"the webhook has taken nothing since {since:%Y-%m-%d %H:%M} UTC, and calls are not tried for longer"
        return Refusal("API_ERROR", why, None)
    body, post.left_out = fitting(about(post.scope, post.due.fields), _ours(post, policy, settings))
    if len(body) > MAX_BODY:
        return Refusal("VALIDATION", f"{len(body)} bytes are more than the {MAX_BODY} a webhook takes", None)
    async with webhook.turn():
        await fence.insist()
        if webhook.full:
            return Refusal("CONFIGURATION", _exhausted(webhook), None)
        post.out = True
        taken = webhook.accept(1)
        refusal = await _request(client, webhook, body, headers, dispatch.attempt, policy)
    _learn(webhook, refusal, taken)
    return refusal


def waited_in_vain(due: Due, webhook: Webhook) -> datetime | None:
    """Since when the webhook has taken nothing while the call waited, where that is longer than its settings allow."""
    return webhook.in_vain(due.dispatch.since, Policy.or_default(due.config).patience, clock.now())


def warn_where_no_answer_comes(settings: Settings, webhook: Webhook) -> None:
    """Say so in the log where a webhook outside is told to answer to an address inside."""
    if leads_inside(settings.callback_base_url) and webhook.url and not leads_inside(webhook.url):
        logger.warning(
            "the provider cannot answer: LEADSTREAM_CALLBACK_BASE_URL is an address that it does not reach",
            webhook_id=webhook.webhook_id, callback_base_url=settings.callback_base_url,
        )  # fmt: skip


def _unusable(why: str) -> Refusal:
    return Refusal("CONFIGURATION", f"the configuration cannot be used: {why}"[:500], None)


async def _request(
    client: aiohttp.ClientSession, webhook: Webhook, body: bytes, headers: dict[str, str], attempt: int, policy: Policy
) -> Refusal | None:
    jitter = random.random()  # noqa: S311
    try:
        async with client.post(webhook.url, data=body, headers=headers, allow_redirects=False) as reply:
            await hear(reply)
    except UNANSWERED as error:
        return unreachable(error, attempt=attempt, policy=policy, now=clock.now(), jitter=jitter)
    now = clock.now()
    if reply.status in {429, 503} and (wait := retry_after(reply.headers.get("Retry-After"), now)):
        webhook.circuit.hold(time.monotonic() + wait.total_seconds())
    return of_status(reply.status, reply.headers, attempt=attempt, policy=policy, now=now, jitter=jitter)


def _learn(webhook: Webhook, refusal: Refusal | None, taken: int) -> None:
    """What the webhook's answer says about the webhook, rather than about the dispatch."""
    if refusal is None:
        webhook.taken_at = clock.now()
    if refusal is not None and not refusal.in_doubt:
        webhook.accept(-1)
    elif taken >= math.ceil(webhook.limits.submissions * NEARLY_FULL) and not webhook.warned:
        webhook.warned = True
        logger.warning(
            "a webhook is nearly full: set a new one before it silently drops what is sent",
            webhook_id=webhook.webhook_id, taken=taken, limit=webhook.limits.submissions,
        )  # fmt: skip
    if refusal is None or not refusal.outage:
        webhook.circuit.worked()
    elif webhook.circuit.failed(webhook.limits, time.monotonic()):
        pause = webhook.circuit.until - time.monotonic()
        logger.warning(
            "a webhook is left alone", webhook_id=webhook.webhook_id, seconds=round(pause), why=refusal.reason
        )


def _exhausted(webhook: Webhook) -> str:
    return (
        f"the webhook has taken {webhook.taken} submissions, all it takes in its life: make a new one at the provider, "
        "set it with `leadstream config set ... --webhook-url`, and retry what failed"
    )


def _headers(post: Post, settings: Settings) -> dict[str, str]:
    headers = {"content-type": "application/json", "idempotency-key": post.dispatch.dispatch_id}
    if name := post.due.config.get("webhook_auth"):
        headers["x-clay-webhook-auth"] = secret(str(name), post.dispatch.tenant_id, settings)
    return headers


def _ours(post: Post, policy: Policy, settings: Settings) -> dict[str, Any]:
    """What is sent beside the fields of an item: the ids, and where the answer goes."""
    dispatch = post.dispatch
    expires = clock.now() + timedelta(seconds=policy.timeout) + TOKEN_LIFE
    token = CallbackToken(
        dispatch.dispatch_id, dispatch.tenant_id, dispatch.client_id, dispatch.batch_id, dispatch.item_id,
        dispatch.entity_id, dispatch.workflow, int(expires.timestamp()),
    )  # fmt: skip
    signed = sign(token, settings.signing_key.get_secret_value())
    ours = {
        "workflow": dispatch.workflow,
        "dispatch_id": dispatch.dispatch_id,
        "item_id": dispatch.item_id,
        "callback_url": f"{settings.callback_base_url.rstrip('/')}/v1/callbacks/{signed}",
    }
    return ours if post.scope == "item" else ours | {f"{post.scope}_id": dispatch.entity_id}


def fitting(fields: Mapping[str, Any], ours: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """A body of these fields and what is `ours`, and the fields it leaves out to be no longer than a webhook takes: the
    longest, but none that the company or person is told by. It is too long still where these alone are.
    """
    body = orjson.dumps({**fields, **ours})
    too_many = len(body) - MAX_BODY
    if too_many <= 0:
        return body, []
    left = dict(fields)
    lengths = {name: len(orjson.dumps({name: fields[name]})) for name in fields.keys() - ours.keys()}
    for name in sorted(lengths, key=lambda name: (-lengths[name], name)):
        if too_many > 0 and not is_told_by(left, name):
            too_many -= lengths[name] - 1  # a comma for two braces
            del left[name]
    return orjson.dumps({**left, **ours}), sorted(fields.keys() - left.keys())


def about(scope: Scope, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent of an item: of a company, only what is about the company; no domain that is not a company's own."""
    return {
        name: value
        for name, value in fields.items()
        if (scope != "company" or name.startswith("company_"))
        and not (name in DOMAINS and company_domain(value) is None)
    }


def recorded(post: Post, refusal: Refusal | None, now: datetime) -> Event:
    """What came of a POST, as an event whose id follows from the dispatch."""
    dispatch = post.dispatch
    payload: StepDispatched | DispatchRefused
    if refusal is None:
        deadline = now + timedelta(seconds=Policy.of(post.due.config).timeout)
        payload = StepDispatched(
            dispatch.dispatch_id, dispatch.workflow, dispatch.step, dispatch.attempt, deadline, post.in_doubt,
            post.webhook.webhook_id, post.left_out or None,
        )  # fmt: skip
    else:
        in_doubt = post.in_doubt or refusal.in_doubt
        payload = DispatchRefused(
            dispatch.dispatch_id, dispatch.workflow, dispatch.attempt, refusal.code, refusal.reason, refusal.retry_at,
            in_doubt, post.webhook.webhook_id if in_doubt and post.webhook.url else None,
        )  # fmt: skip
    event_id = outcome_id(dispatch.dispatch_id, type(payload))
    return stated(
        payload, event_id=event_id, tenant_id=dispatch.tenant_id, now=now, actor=ACTOR,
        client_id=dispatch.client_id, batch_id=dispatch.batch_id, item_id=dispatch.item_id,
        entity_id=dispatch.entity_id,
    )  # fmt: skip
