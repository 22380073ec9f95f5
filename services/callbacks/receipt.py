"""From an authenticated body to events. Pure, but for fresh ids and the time, which come in as arguments."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any, Final, Literal

from services.callbacks.body import Answer, Bare, answers_in, identified, parsed
from shared.enrichment import EntityKind, UnreadableBody, storable
from shared.envelope import MAX_EVENT_BYTES, Event, EventTooLarge, checked_json, outcome_id, stated
from shared.events import CallbackRejected, EnrichmentReceived
from shared.ids import derive_id, named_id
from shared.tokens import CallbackToken

ACTOR: Final = named_id("actor", "callbacks")
MARK: Final = "(answer)"
# A shorter body makes no event that is too long: each byte is an escape of six at most, and stands in it twice at most.
_MAY_BE_TOO_LONG: Final = MAX_EVENT_BYTES // 13
_CONTROLS: Final = bytes(range(32))
_LONGEST_TEXT: Final = MAX_EVENT_BYTES * 3 // 4  # with its escapes; the longest body that is read has less in base64
_OTHER_KINDS: Final[dict[EntityKind, str]] = {"company": "person", "person": "company"}


@dataclass(frozen=True, slots=True)
class Sender:
    """Who is answering, as the URL proves it; a token also says for which dispatch."""

    tenant_id: str
    client_id: str
    workflow: str
    token: CallbackToken | None = None


def received(
    sender: Sender, answers: list[Answer], whole: Any, now: datetime, new_id: Callable[[], str]
) -> list[Event]:
    """An EnrichmentReceived for each answer; the first has the rest of the body `whole` that they are parts of.

    The token's own ids hold for the first answer that names no others, one that was found before one that was not.
    """
    filed = _filed(answers, sender.token)
    rest = _rest(whole, [answer for answer, _ in filed])
    events = []
    for answer, token in filed:
        events.append(_event(sender, answer, token, rest, now, new_id()))
        rest = None
    return events


def check_length(body: bytes, events: list[Event]) -> None:
    """Raises UnreadableBody where a body makes an event that the log does not take."""
    try:
        for event in events if len(body) > _MAY_BE_TOO_LONG else ():
            checked_json(event)
    except EventTooLarge as error:
        raise UnreadableBody("too_large", f"the body is too large once it is read: {error}") from None


def kept(body: bytes) -> tuple[str, Literal["utf-8", "base64"]]:
    """A body as JSON can hold it whole, and how: as text where it is some, and no longer for its escapes."""
    try:
        if b"\0" not in body and len(body) + _escapes(body) <= _LONGEST_TEXT:
            return body.decode(), "utf-8"
    except UnicodeDecodeError:
        pass
    return base64.b64encode(body).decode(), "base64"


def _escapes(text: bytes) -> int:
    """How many bytes JSON adds to a text, at most."""
    return text.count(b'"') + text.count(b"\\") + 5 * (len(text) - len(text.translate(None, _CONTROLS)))


def read_again(refused: Event, paths: Mapping[str, Any], now: datetime) -> list[Event]:
    """What a refused callback says after all, with a client's own paths for its ids; the same ids each time.

    Raises UnreadableBody, with the code `unknown_item` where an answer still names nothing of ours.
    """
    payload: CallbackRejected = refused.payload
    text = payload.body or ""
    raw = base64.b64decode(text) if payload.encoding == "base64" else text.encode()
    whole = parsed(raw, payload.content_type)
    answers = [identified(answer, whole, paths) for answer in answers_in(whole)]
    token = _token(refused)
    if token is None and len(answers) == 1 and payload.dispatch_id:
        answers = [replace(answers[0], dispatch_id=answers[0].dispatch_id or payload.dispatch_id)]
    if token is None and (nameless := nameless_answer(answers)):
        raise UnreadableBody("unknown_item", nameless)
    sender = Sender(refused.tenant_id, refused.client_id or "", payload.workflow or "", token)
    numbers = count()
    events = received(sender, answers, whole, now, lambda: derive_id("evt", refused.id, str(next(numbers))))
    check_length(raw, events)
    return [replace(event, causation_id=refused.id) for event in events]


def _token(refused: Event) -> CallbackToken | None:
    """What the URL of a refused callback was bound to; None of a static secret's, and of the first releases'."""
    told, client_id, batch_id = refused.payload, refused.client_id, refused.batch_id
    item_id, entity_id = refused.item_id, refused.entity_id
    if not (told.dispatch_id and told.workflow and client_id and batch_id and item_id and entity_id):
        return None
    ids = (told.dispatch_id, refused.tenant_id, client_id, batch_id, item_id, entity_id)
    return CallbackToken(*ids, told.workflow, expires_at=0)


def nameless_answer(answers: list[Answer]) -> str | None:
    """What to say of the first answer that names nothing of ours; None where all do."""
    for number, answer in enumerate(answers, start=1):
        if not (answer.company_id or answer.person_id or answer.item_id or answer.dispatch_id):
            return f"answer {number} names no item_id, company_id, person_id or dispatch_id of ours"
    return None


def rejected(sender: Sender | None, tenant_id: str, payload: CallbackRejected, now: datetime, event_id: str) -> Event:
    """The record of a callback that can never be used; what a header says may be no text that can be stored.

    It is about what the token of its URL is bound to; `tenant_id` has those of strangers.
    """
    payload = replace(payload, reason=storable(payload.reason), content_type=storable(payload.content_type))
    tenant_id, client_id = (sender.tenant_id, sender.client_id) if sender else (tenant_id, None)
    token = sender.token if sender else None
    if token is None:
        return stated(payload, event_id=event_id, tenant_id=tenant_id, client_id=client_id, now=now, actor=ACTOR)
    return stated(
        replace(payload, dispatch_id=token.dispatch_id), event_id=event_id, tenant_id=tenant_id, client_id=client_id,
        now=now, actor=ACTOR, batch_id=token.batch_id, item_id=token.item_id, entity_id=token.entity_id,
        causation_id=outcome_id(token.dispatch_id),
    )  # fmt: skip


def _filed(answers: list[Answer], token: CallbackToken | None) -> list[tuple[Answer, CallbackToken | None]]:
    """The answers, that which the token was given out for with it.

    A company and a person of one body that would both be filed under its item are one answer, the body.
    """
    bound = _bound(answers, token) if token else None
    filed: list[tuple[Answer, CallbackToken | None]] = []
    for answer in answers:
        own = token if answer is bound else None
        if filed and _both_of_the_item(filed[-1], (answer, own)):
            half, its = filed.pop()
            found, item_id = half.found or answer.found, half.item_id or answer.item_id
            answer = replace(half, item_id=item_id, payload=half.body, place=half.body, found=found, kind=None)
            own = its or own
        filed.append((answer, own))
    return filed


def _both_of_the_item(*halves: tuple[Answer, CallbackToken | None]) -> bool:
    """Whether two answers are of one body, and would be filed under one item, as far as is known under what."""
    (one, _), (other, _) = halves
    if one.body is None or one.body is not other.body:
        return False
    entities = {entity for answer, token in halves if (entity := _entity(answer, token))}
    return len(entities) <= 1 and all(entity.startswith("item_") for entity in entities)


def _bound(answers: list[Answer], token: CallbackToken) -> Answer | None:
    """The answer that a token was given out for: the first that was found, else the first, of those that agree."""
    agreeing = [answer for answer in answers if _agrees(answer, token)]
    agreeing = agreeing or [answer for answer in answers if _agrees(_without_bare(answer), token)]
    return max(agreeing, key=lambda answer: answer.found, default=None)


def _without_bare(answer: Answer) -> Answer:
    company, person = (None if isinstance(told, Bare) else told for told in (answer.company_id, answer.person_id))
    return replace(answer, company_id=company, person_id=person)


def _agrees(answer: Answer, token: CallbackToken) -> bool:
    """Whether an answer is about the token's entity: it says so, or says nothing."""
    if answer.kind and token.entity_id.startswith(f"{_OTHER_KINDS[answer.kind]}_"):
        return False
    named = [name for name in (answer.company_id, answer.person_id) if name]
    if answer.dispatch_id:
        return answer.dispatch_id == token.dispatch_id
    return not named or token.entity_id in named or token.entity_id == answer.item_id


def _event(
    sender: Sender, answer: Answer, token: CallbackToken | None, rest: Any, now: datetime, event_id: str
) -> Event:
    dispatch_id = token.dispatch_id if token else answer.dispatch_id
    payload = EnrichmentReceived(sender.workflow, dispatch_id, answer.found, answer.payload, rest)
    return stated(
        payload, event_id=event_id, tenant_id=sender.tenant_id, client_id=sender.client_id, now=now, actor=ACTOR,
        batch_id=token.batch_id if token else None, item_id=token.item_id if token else answer.item_id,
        entity_id=_entity(answer, token), causation_id=outcome_id(dispatch_id) if dispatch_id else None,
    )  # fmt: skip


def _entity(answer: Answer, token: CallbackToken | None) -> str | None:
    return token.entity_id if token else answer.company_id or answer.person_id or answer.item_id


def _rest(whole: Any, answers: list[Answer]) -> Any:
    """The body around its answers, each one's place in it marked, so that nothing is kept twice; None: they are all."""
    marked = _marked(whole, {id(answer.place) for answer in answers})
    rows = marked if isinstance(marked, list) else [marked]
    return None if all(row == MARK for row in rows) else marked


def _marked(value: Any, places: set[int]) -> Any:
    if id(value) in places and isinstance(value, dict | list | str):
        return MARK
    if isinstance(value, dict):
        return {key: _marked(inner, places) for key, inner in value.items()}
    return [_marked(inner, places) for inner in value] if isinstance(value, list) else value
