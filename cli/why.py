"""What an item waits for, in plain words, from what the services say of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cli.output import moment, plain

Facts = Mapping[str, Any]
ENDED: Final = ("completed", "cancelled", "failed")


@dataclass(frozen=True)
class Reason:
    """One thing that an item waits for: a code for programs, a sentence, and what a person may do about it."""

    code: str
    text: str
    do: str = ""


@dataclass(frozen=True)
class Known:
    """What was asked of the services. `waits`: the dispatcher's; `letters`: open ones about item, claimants or batch;
    `health`: by service, None for one that does not answer.
    """

    item: Facts
    batch: Facts
    waits: Sequence[Facts] | None
    letters: Sequence[Facts]
    health: Mapping[str, Facts | None]
    now: datetime


def identified(told: Sequence[Facts]) -> list[str]:
    """For each company and person of an item, what told that it is this one."""
    lines = []
    for each in told:
        known = ", ".join(f"{name} {plain(said['value'])}" for name, said in each["fields"].items())
        by = f"by {each['basis']} {plain(each['key'])} ({known})" if each["basis"] else "by nothing it says now"
        passed = f"; no key in {', '.join(each['passed_over'])}" if each["passed_over"] else ""
        lines.append(f"{each['entity_id']} {by}{passed}{'; ' + each['note'] if each['note'] else ''}")
    return lines


def reasons(known: Known) -> list[Reason]:
    """Everything that the item waits for, what keeps it most first; one reason at least."""
    found = [*_letters(known), *_ended(known)]
    if known.item["status"] not in ENDED:
        found += [*_paused(known), *_steps(known), *_lags(known)]
    return found or [Reason("moving", "nothing holds it: it was taken a moment ago and moves on", "ask again")]


def _ended(known: Known) -> Iterator[Reason]:
    item = known.item
    if item["status"] in {"completed", "cancelled"}:
        waits = "" if known.letters else "it waits for nothing: "
        yield Reason(item["status"], f"{waits}it {item['status']} at {moment(item['ended_at'])}")
    elif item["status"] == "failed":
        step = next(step for step in item["steps"] if step["status"] == "FAILED")
        text = f"it failed at step {step['step'] + 1} {step['workflow']}: {step['code']}, {plain(step['reason'])}"
        yield Reason("failed", f"{text} ({moment(item['ended_at'])})", _mended(step, item, known.batch))


def _mended(step: Facts, item: Facts, batch: Facts) -> str:
    again = f"leadstream batch retry {item['batch_id']} --item {item['item_id']}"
    if step["code"] == "CONFIGURATION":
        settings = f"leadstream config set {batch['client_id']} {step['workflow']} -w {batch['workstream']} ..."
        return f"{settings}, then {again}"
    return f"{again}, once its cause is gone"


def _letters(known: Known) -> Iterator[Reason]:
    for letter in known.letters:
        what = f"{letter['service']} could not handle #{letter['position']} {letter['event_type']}"
        whose = "" if letter["item_id"] == known.item["item_id"] else f" about {letter['item_id'] or 'its batch'}"
        again = f"it tries again at {moment(letter['retry_at'])}" if letter["retry_at"] else "it waits for a person"
        name = f"{letter['service']} {letter['position']}"
        text = f"{what}{whose}: {plain(letter['error'])}; {again}, and what comes later about it waits behind it"
        yield Reason("dead_letter", text, f"leadstream dead-letters show {name}")


def _paused(known: Known) -> Iterator[Reason]:
    if known.batch["status"] == "paused":
        parked = known.item["status"] == "parked"
        text = "its batch is paused" + ("" if parked else ": what is under way ends, and nothing else begins")
        yield Reason("paused", text, f"leadstream batch resume {known.item['batch_id']}")


def _steps(known: Known) -> Iterator[Reason]:
    if known.item["status"] != "running":
        return
    step = known.item["steps"][-1]
    name = f"step {step['step'] + 1} {step['workflow']}"
    if known.waits is None:
        yield Reason("unknown", f"it is at {name}; the dispatcher, which knows more, does not answer")
    elif not known.waits:
        text = f"{name} is scheduled since {moment(step['scheduled_at'])}, and the dispatcher has not taken it up yet"
        yield Reason("scheduled", text)
    for wait in known.waits or ():
        yield from _waits(known, wait, f"step {wait['step'] + 1} {wait['workflow']}")


def _waits(known: Known, wait: Facts, name: str) -> Iterator[Reason]:
    claim, attempts = wait["claim"], wait["attempts"]
    if claim["claimant_item_id"] != known.item["item_id"]:
        text = f"{name} needs {claim['entity_id']} ({claim['entity_key']}), which {claim['claimant_item_id']} asked for"
        yield Reason(
            "claimed", f"{text} first: it ends with that item's answer", f"leadstream why {claim['claimant_item_id']}"
        )
    current = next((each for each in attempts if each["dispatch_id"] == claim["dispatch_id"]), None)
    if current is None:
        return
    before = next((each for each in attempts if each["attempt"] < current["attempt"] and each["reason"]), None)
    after = f"; attempt {before['attempt']}: {plain(before['reason'])}" if before else ""
    if current["status"] == "SENT":
        yield _sent(known, name, current, after)
    elif current["status"] == "DUE":
        yield _due(known, name, current, wait, after)
    elif current["status"] == "HELD":
        batch = current["batch_id"]
        text = f"{name} is not called yet: {batch} is paused, or it or its client may not spend what the call costs"
        yield Reason("held", text, f"leadstream batch cost {batch}")


def _sent(known: Known, name: str, current: Facts, after: str) -> Reason:
    text = f"{name} was sent at {moment(current['sent_at'])} (attempt {current['attempt']}{after})"
    due = f"its answer is due by {moment(current['deadline_at'])}"
    if datetime.fromisoformat(current["deadline_at"]) < known.now:
        return Reason("answer_overdue", f"{text}; {due}, and is missing", "leadstream doctor")
    return Reason("answer", f"{text}; {due}; after that it is tried again or fails")


def _due(known: Known, name: str, current: Facts, wait: Facts, after: str) -> Reason:
    attempt = f"attempt {current['attempt']}{after}"
    if wait["left_alone_seconds"] and wait["left_alone_as_asked"]:
        text = f"its webhook asked to be left alone (Retry-After), for another {wait['left_alone_seconds']} s"
        return Reason("retry_after", f"{name} is to be sent ({attempt}); {text}", "leadstream webhooks")
    if wait["left_alone_seconds"]:
        text = f"its webhook does not work, and is tried again in {wait['left_alone_seconds']} s"
        return Reason("circuit_open", f"{name} is to be sent ({attempt}); {text}", "leadstream webhooks")
    if wait["webhook_full"]:
        text = "its webhook has taken all the submissions it takes in its life"
        return Reason("webhook_full", f"{name} is to be sent ({attempt}); {text}", "leadstream webhooks")
    if datetime.fromisoformat(current["due_at"]) > known.now:
        return Reason("retry", f"{name} is tried again at {moment(current['due_at'])} ({attempt})")
    if wait["left_alone_seconds"] is None:
        text = f"{name} is to be sent since {moment(current['due_at'])} ({attempt}); how its webhook stands is"
        ask = "set LEADSTREAM_DISPATCHER_URL to that replica: its /health/ready says that it leads"
        return Reason("unknown_here", f"{text} unknown here: ask the replica that leads", ask)
    text = f"{name} is to be sent since {moment(current['due_at'])} ({attempt})"
    return Reason(
        "rate_limit", f"{text}: it waits for its turn at its webhook (rate, calls open)", "leadstream webhooks"
    )


def _lags(known: Known) -> Iterator[Reason]:
    for service, health in sorted(known.health.items()):
        if health is None:
            yield Reason("service_down", f"{service} does not answer", "leadstream doctor")
        elif not health.get("database", True) or not health.get("nats", True):
            yield Reason("server_away", f"{service} cannot reach PostgreSQL or NATS", "leadstream doctor")
        elif health.get("lag_seconds", 0) > 2:
            text = f"{service} has {health['lag_events']} events to read, the first {health['lag_seconds']:g} s old"
            yield Reason("lag", text, "leadstream doctor")
