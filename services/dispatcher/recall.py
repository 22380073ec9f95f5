"""What was answered already, brought in for the steps that take it: fields that answers set, answers that functions
read, answers that another client of the tenant can lend.

Kept for the events at hand only: answers are large, and few steps want them.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from services.dispatcher.state import Claim, Lendable, State
from services.dispatcher.tables import CLAIM
from services.dispatcher.warehouse import LOOKUPS
from shared.enrichment import provider_of
from shared.entities import Entity, scope_of
from shared.envelope import Event, from_json
from shared.events import AnswerReused, BatchLaunched, EnrichmentReceived, StepScheduled
from shared.ids import from_hex, named_id, to_hex
from shared.runtime import log
from shared.runtime.database import Connection, Rows, uuid_array

AskingSteps = Sequence[tuple[Event, Entity]]
Key = tuple[str, str, str]  # scope, basis and key of an entity: what is the same for every client
CLAIMS: Final = Rows(CLAIM, Claim)


async def load(connection: Connection, state: State, events: Sequence[Event], asked: AskingSteps) -> None:
    """Bring in what these events' steps take. `asked`: the steps that ask for an entity, and which."""
    state.answers.clear()
    state.told.clear()
    state.lendable.clear()
    setting = {step["workflow"] for batch in state.batches.values() for step in batch.blueprint if step["sets"]}
    launched = [event.payload for event in events if isinstance(event.payload, BatchLaunched)]
    setting |= {step.workflow for launch in launched for step in launch.blueprint if step.sets}
    if setting:
        await _load_set(
            connection, state, events, [(e, entity) for e, entity in asked if e.payload.workflow in setting]
        )
    scheduled = [event for event in events if isinstance(event.payload, StepScheduled)]
    readers = {event.item_id for event in scheduled if event.item_id and _reads_answers(state, event)}
    if readers:
        state.told |= await _item_answers(connection, readers)
    lookups = [(event, entity) for event, entity in asked if event.payload.workflow in LOOKUPS]
    if lookups:
        await _load_lendable(connection, state, lookups)


def _reads_answers(state: State, event: Event) -> bool:
    item = state.items.get(event.item_id or "")
    return item is not None and bool(state.batches[item.batch_id].blueprint[event.payload.step]["reads_answers"])


async def _item_answers(connection: Connection, item_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By item, what functions find of its steps: `answers` by workflow, and in `answers_about` whether each was asked
    of the company, the person or the item. What a look-up was lent stands under the workflow that had asked.
    """
    wanted = uuid_array(item_ids)
    cursor = await connection.execute(
        "SELECT body FROM log.events WHERE item_id = ANY(%s::uuid[]) AND type = 'ItemCompleted' ORDER BY position",
        (wanted,),
    )
    completed = [event for (body,) in await cursor.fetchall() if (event := from_json(body)).payload.answer_id]
    said = await log.payloads(connection, {event.payload.answer_id for event in completed})
    lookups = [event for event in completed if said[event.payload.answer_id].workflow != event.payload.workflow]
    lent = await _lent(connection, {event.entity_id for event in lookups if event.entity_id})
    told = [(event, lent.get(str(event.entity_id), {})) for event in lookups]
    told += [(event, {event.payload.workflow: said[event.payload.answer_id].answer}) for event in completed]
    found: dict[str, dict[str, Any]] = {}
    for event, answers in told:
        of_item = found.setdefault(str(event.item_id), {"answers": {}, "answers_about": {}})
        of_item["answers"] |= answers
        of_item["answers_about"] |= dict.fromkeys(answers, scope_of(str(event.entity_id)))
    return found


async def _lent(connection: Connection, entities: set[str]) -> dict[str, dict[str, Any]]:
    """What was lent about these companies and people, the last of each workflow."""
    if not entities:
        return {}
    cursor = await connection.execute(
        "SELECT body FROM log.events WHERE entity_id = ANY(%s::uuid[]) AND type = 'AnswerReused' ORDER BY position",
        (uuid_array(entities),),
    )
    found: dict[str, dict[str, Any]] = {}
    for event in [from_json(body) for (body,) in await cursor.fetchall()]:
        found.setdefault(str(event.entity_id), {})[event.payload.workflow] = event.payload.answer
    return found


async def _load_set(connection: Connection, state: State, events: Sequence[Event], asked: AskingSteps) -> None:
    claims = [state.claims.get((entity.entity_id, event.payload.workflow)) for event, entity in asked]
    said = await _answers(connection, [claim for claim in claims if claim])
    state.answers |= {name: event.payload.answer for name, event in said.items()}
    answers = EnrichmentReceived | AnswerReused
    state.answers |= {e.id: e.payload.answer for e in events if isinstance(e.payload, answers)}


async def _load_lendable(connection: Connection, state: State, lookups: AskingSteps) -> None:
    """The answers about each entity that other clients of the tenant have."""
    found: dict[tuple[str, Key], list[Claim]] = {}
    for tenant_id in {event.tenant_id for event, _ in lookups if _shares(state, event.tenant_id)}:
        clients = await _clients(connection, tenant_id)
        wanted = {_key(event, entity) for event, entity in lookups if event.tenant_id == tenant_id}
        ids = {
            named_id(scope, client, basis, value): (client, (scope, basis, value))
            for scope, basis, value in wanted
            for client in clients
        }
        for claim in await CLAIMS.read(connection, "entity_id", ids, "found"):
            client, key = ids[claim.entity_id]
            if claim.client_id == client:  # whoever named another client's entity has answered for nobody
                found.setdefault((tenant_id, key), []).append(claim)
    answers = await _answers(connection, [claim for claims in found.values() for claim in claims])
    for event, entity in lookups:
        claims = found.get((event.tenant_id, _key(event, entity)), [])
        theirs = [claim for claim in claims if claim.client_id != event.client_id]
        lendable = [_lendable(claim, answers[claim.answer_id or ""]) for claim in theirs]
        state.lendable[event.item_id or "", event.payload.step] = lendable


def _shares(state: State, tenant_id: str) -> bool:
    tenant = state.tenants.get(tenant_id)
    return tenant is not None and tenant.share_answers


def _key(event: Event, entity: Entity) -> Key:
    return LOOKUPS[event.payload.workflow], entity.basis, entity.key


def _lendable(claim: Claim, said: Event) -> Lendable:
    payload: EnrichmentReceived | AnswerReused = said.payload
    if isinstance(payload, AnswerReused):
        return Lendable(claim, payload.answer, payload.answered_at, payload.provider)
    return Lendable(claim, payload.answer, said.occurred_at, provider_of(payload.body, payload.answer))


async def _clients(connection: Connection, tenant_id: str) -> list[str]:
    """The tenant's clients that ever launched anything."""
    statement = "SELECT DISTINCT client_id FROM batch WHERE tenant_id = %s::uuid"
    cursor = await connection.execute(statement, (to_hex(tenant_id),))
    return [from_hex("client", client) for (client,) in await cursor.fetchall()]


async def _answers(connection: Connection, claims: Sequence[Claim]) -> dict[str, Event]:
    """The events that answered these claims, by id."""
    wanted = {claim.answer_id for claim in claims if claim.answer_id}
    return await log.events_of(connection, wanted) if wanted else {}
