"""Events as a person reads them: one short line each.

The log keeps an event in the version it was written in, so nothing here counts on a key being there. A type
without a line of its own is told by the plain values of its payload.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cli.output import moment, plain
from shared.ids import derive_id, kind_of_id

Payload = Mapping[str, Any]
Event = Mapping[str, Any]


def told(events: Sequence[Event]) -> list[dict[str, str]]:
    """The events as rows: position, time, item (by its row where that is told), type, summary, and the cause, `#N`
    where it is one of them.
    """
    places = {event["id"]: event["position"] for event in events}
    rows = {e.get("item_id"): (e.get("payload") or {}).get("row") for e in events if e["type"] == "ItemAdded"}
    dispatched = _dispatched(events)
    return [
        {
            "position": str(event["position"]),
            "time": moment(event["occurred_at"]),
            "item": _item(event.get("item_id"), rows),
            "event": event["type"],
            "summary": summary(event),
            "cause": dispatched.get(event["position"]) or _cause(event.get("causation_id"), places),
        }
        for event in events
    ]


def summary(event: Event) -> str:
    """What the event says, in a few words."""
    payload = event.get("payload") or {}
    return plain(_LINES.get(event["type"], _values)(payload))


def _item(item_id: str | None, rows: Mapping[str | None, int | None]) -> str:
    if not item_id:
        return ""
    row = rows.get(item_id)
    return _short(item_id) if row is None else f"row {row}"


def _cause(cause: str | None, places: Mapping[str, int]) -> str:
    if not cause:
        return ""
    return f"#{places[cause]}" if cause in places else _short(cause)


def _short(identifier: str) -> str:
    return f"{kind_of_id(identifier)}_…{identifier[-6:]}"


def _dispatched(events: Sequence[Event]) -> dict[int, str]:
    """For what has to do with a dispatch, the event among these that it follows from.

    A dispatch has its id from what planned it: the step that was scheduled, or what became of the attempt before.
    """
    found: dict[int, str] = {}
    sent: dict[str, int] = {}
    planned: dict[str, int] = {}
    steps: list[Event] = []
    for event in events:
        kind, place, dispatch = event["type"], event["position"], (event.get("payload") or {}).get("dispatch_id")
        if kind == "StepScheduled":
            steps.append(event)
        if not dispatch:
            continue
        if kind in {"StepDispatched", "DispatchRefused"}:
            first = {derive_id("disp", step["id"], str(event.get("entity_id"))): step["position"] for step in steps}
            cause = planned.get(dispatch) or first.get(dispatch)
            sent.setdefault(dispatch, place)
        else:
            cause = sent.get(dispatch)
        if cause:
            found[place] = f"#{cause}"
        if kind in {"DispatchRefused", "DispatchTimedOut"}:
            planned[derive_id("disp", dispatch, "retry")] = place
    return found


def _values(p: Payload) -> str:
    return ", ".join(f"{name} {value}" for name, value in p.items() if isinstance(value, str | int | float))


def _pairs(chosen: Mapping[str, Any] | None) -> str:
    return ", ".join(f"{field} from {header or 'no column'}" for field, header in (chosen or {}).items())


def _at(p: Payload) -> str:
    step = p.get("step")
    return f"step {step + 1} {p.get('workflow')}" if isinstance(step, int) else str(p.get("workflow") or "")


def _again(p: Payload) -> str:
    return f"again at {moment(p['retry_at'])}" if p.get("retry_at") else "not tried again"


def _doubt(p: Payload) -> str:
    return ", possibly sent twice" if p.get("in_doubt") else ""


def _left_out(p: Payload) -> str:
    return f", too long to be sent: {', '.join(p['left_out'])}" if p.get("left_out") else ""


def _reason(p: Payload) -> str:
    return str(p.get("reason") or "")


def _retried(p: Payload) -> str:
    names = {"items": "items", "workflow": "step", "codes": "codes"}
    which = "; ".join(f"{word} {plain(p[name])}" for name, word in names.items() if p.get(name)) or "all that failed"
    return f"{which}{': skipped' if p.get('skip') else ''}. {_reason(p)}".rstrip(". ")


def _fewer(p: Payload) -> str:
    if p.get("everything"):
        return f"all. {_reason(p)}".rstrip(". ")
    names = [
        plain(each.get("name") or each.get("domain") or each.get("linkedin_url")) for each in p.get("customers") or ()
    ]
    names += [f"those of {p['upload_id']}"] if p.get("upload_id") else []
    names += [f"those that are not in {p['kept_upload_id']}"] if p.get("kept_upload_id") else []
    return f"{', '.join(names)}. {_reason(p)}".rstrip(". ")


def _steps(steps: Sequence[Any] | None) -> str:
    return " → ".join(str(step["workflow"] if isinstance(step, Mapping) else step) for step in steps or ())


def _client(p: Payload) -> str:
    return f"{p.get('name')} ({p['domain']})" if p.get("domain") else str(p.get("name"))


def _configured(p: Payload) -> str:
    names = ", ".join(sorted(p.get("config") or ())) or "nothing set"
    which = f" ({p['name']})" if p.get("name", "default") != "default" else ""
    return f"{p.get('workflow')} for {p.get('workstream')}{which}: {names}"


def _received(p: Payload) -> str:
    return f"{p.get('filename')}: {p.get('rows')} rows, {p.get('bad_row_count', 0)} bad, {p.get('bytes')} bytes"


def _added(p: Payload) -> str:
    fields = p.get("fields") or {}
    return f"row {p.get('row')}: {', '.join(str(value) for value in list(fields.values())[:4])}"


def _refused(p: Payload) -> str:
    return f"{_at(p)}: attempt {p.get('attempt')} refused, {_why_refused(p)}"


def _why_refused(p: Payload) -> str:
    doubt = "; in doubt: it may have arrived" if p.get("in_doubt") else ""
    return f"{p.get('code')}, {p.get('reason')}; {_again(p)}{doubt}"


def _completed(p: Payload) -> str:
    if p.get("skipped"):
        shared = f", shares the call of {p['claimant_item_id']}" if p.get("claimant_item_id") else ""
        return f"{_at(p)}: skipped, {p['skipped']}{shared}"
    if p.get("output") is not None:
        return f"{_at(p)}: set {', '.join(p['output']) or 'nothing'}"
    return f"{_at(p)}: {'found' if p.get('found') else 'nothing found'}"


def _failed(p: Payload) -> str:
    retry = "can be retried" if p.get("retryable") else "retrying does not help"
    return f"{_at(p)}: {p.get('code')}, {p.get('reason')} (attempts: {p.get('attempts', 0)}; {retry})"


def _dead(p: Payload) -> str:
    tries = f"try {p.get('attempts')}, {_again(p)}"
    return f"{p.get('service')} could not handle #{p.get('position')} {p.get('event_type')}: {p.get('error')} ({tries})"


def _answered(p: Payload) -> str:
    answer = p.get("answer")
    keys = f", {len(answer)} fields" if isinstance(answer, Mapping) else ""
    return f"{p.get('workflow')}: {'found' if p.get('found') else 'nothing found'}{keys}"


_LINES: Final[dict[str, Callable[[Payload], str]]] = {
    "ClientRegistered": _client,
    "WorkflowRegistered": lambda p: (
        f"{p.get('workflow')} for {p.get('workstream')}, {p.get('kind')} per {p.get('scope')}"
    ),
    "WorkflowConfigured": _configured,
    "WorkflowRetired": lambda p: f"{p.get('workflow')} for {p.get('workstream')}",
    "ConfigurationRemoved": lambda p: f"{p.get('workflow')} for {p.get('workstream')}: {p.get('name')}",
    "PipelineSaved": lambda p: f"{p.get('name')}: {_steps(p.get('steps'))}",
    "MappingChosen": lambda p: f"{p.get('workstream')}: {_pairs(p.get('chosen'))}",
    "UploadReceived": _received,
    "RowsStaged": lambda p: f"{len(p.get('rows') or ())} rows",
    "BatchLaunched": lambda p: f"{p.get('items')} items: {_steps(p.get('blueprint'))}",
    "ItemAdded": _added,
    "LaunchContinued": lambda p: f"rows after {p.get('after_row')}",
    "BatchPaused": _reason,
    "BatchResumed": _reason,
    "BudgetSet": lambda p: "no limit" if p.get("max_credits") is None else f"{p['max_credits']:g} credits in all",
    "BatchCancelled": _reason,
    "FailedItemsRetried": _retried,
    "BatchCompleted": lambda p: f"{p.get('completed')} completed, {p.get('failed')} failed",
    "StepScheduled": _at,
    "StepDispatched": lambda p: (
        f"{_at(p)}: sent, attempt {p.get('attempt')}, answer due {moment(p.get('deadline_at'))}{_doubt(p)}"
        f"{_left_out(p)}"
    ),
    "DispatchRefused": _refused,
    "DispatchTimedOut": lambda p: f"{_at(p)}: no answer to attempt {p.get('attempt')}; {_again(p)}",
    "ItemCompleted": _completed,
    "StepFailed": _failed,
    "AnswerReused": lambda p: (
        f"{p.get('workflow')}: answered {moment(p.get('answered_at'))} for {p.get('from_client_id')}, {p.get('basis')} "
        f"{p.get('entity_key')}"
    ),
    "EnrichmentReceived": _answered,
    "CallbackRejected": lambda p: f"{p.get('code')}, {p.get('reason')} ({p.get('bytes')} bytes)",
    "CustomersRemoved": _fewer,
    "PushRequested": lambda p: f"to {p.get('webhook_url')}, {len(p.get('query') or ())} conditions",
    "ParcelPushed": lambda p: f"parcel {p.get('parcel')}: {p.get('leads')} leads taken{_doubt(p)}",
    "ParcelRefused": lambda p: f"parcel {p.get('parcel')}: attempt {p.get('attempt')} refused, {_why_refused(p)}",
    "PushCompleted": lambda p: f"{p.get('leads')} leads in {p.get('parcels')} parcels",
    "EventDeadLettered": _dead,
    "DeadLetterRetried": lambda p: f"{p.get('service')} takes #{p.get('position')} again: {_reason(p)}",
    "DeadLetterResolved": lambda p: f"{p.get('service')} goes on without #{p.get('position')}: {_reason(p)}",
}
