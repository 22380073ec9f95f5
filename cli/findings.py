"""What `leadstream doctor` can find: each with a code for programs, what is wrong, and what to do."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cli.options import naming
from services.dispatcher.webhooks import NEARLY_FULL, Limits

LAG_SECONDS: Final = 10.0
SKEW_SECONDS: Final = 2.0
PATROL_SECONDS: Final = 120
DISK_FREE: Final = 0.1
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (`problem`) or will be (`warning`)."""

    severity: Literal["problem", "warning"]
    code: str
    text: str
    do: str


def problem(code: str, text: str, do: str) -> Finding:
    return Finding("problem", code, text, do)


def warning(code: str, text: str, do: str) -> Finding:
    return Finding("warning", code, text, do)


def page(alarm: str) -> str:
    """Where it says what to do."""
    return f"see {alarm} in docs/operations/alarms.md"


def of_services(
    health: Mapping[str, Facts | None], leaders: Sequence[str] | None, folder: Path | None = None
) -> Iterator[Finding]:
    """Services that do not answer, do not work, reach no server or lag.

    `leaders`: who holds a lease; None where that is not known. `folder`: of the stack that they are parts of, if so.
    """
    if folder and not leaders and not any(health.values()):
        do = f"end `leadstream up --no-services`, if that runs there, and start `leadstream up{naming(folder)}`"
        yield problem("no_services", f"no service of the stack in {folder} runs", do)
        return
    for service, told in health.items():
        if told is None:
            yield problem("service_down", f"{service} does not answer on its port", starting(service, folder))
        elif told.get("lag_seconds", 0) > LAG_SECONDS:
            text = f"{service} has {told['lag_events']} events to read, the first {told['lag_seconds']:g} s old"
            yield problem("service_lags", text, page("ServiceLags"))
        if leaders is not None and service not in leaders:
            text = f"{service} does no work: none of its replicas leads (holds the lease)"
            yield problem("nobody_leads", text, page("NobodyLeads"))
    if leaders is not None and "relay" not in leaders:
        text = "no relay runs: events do not reach the stream"
        yield problem("no_relay", text, starting("relay", folder))
    yield from _cut_off({service: told for service, told in health.items() if told is not None})


def _cut_off(health: Mapping[str, Facts]) -> Iterator[Finding]:
    """Services that reach a server no more, or that none does."""
    for server, key, alarm in (("PostgreSQL", "database", "DatabaseAway"), ("NATS", "nats", "NatsAway")):
        away = [service for service, told in health.items() if told.get(key) is False]
        if len(away) == len(health) > 1:
            yield problem("service_cut_off", f"no service reaches {server}", page(alarm))
        else:
            for service in away:
                yield problem("service_cut_off", f"{service} does not reach {server}", page("ProcessCutOff"))


def starting(part: str, folder: Path | None) -> str:
    """What starts a service or the relay that has ended; `folder` is as `of_services` has it."""
    if folder:
        return f"`leadstream up` starts it again by itself; {folder / 'logs' / part}.log says why it ended"
    command = part if part == "relay" else f"service {part}"
    return f"start it: `leadstream {command}`; its log says why it ended"


def of_stream(head: int | None, state: Any) -> Iterator[Finding]:
    """The stream against the log's last position, None where that is not known. `state`: JetStream's own."""
    anew = page("StreamDamaged")
    if head is None:
        return
    if state.last_seq > head:
        text = f"the stream goes on to {state.last_seq}, the log ends at {head}: the log is older than its copy"
        yield problem("stream_ahead", text, anew)
    elif state.last_seq and (state.first_seq != 1 or state.messages != state.last_seq):
        text = f"the stream has {state.messages} of its {state.last_seq} messages: the others are gone"
        yield problem("stream_damaged", text, anew)
    elif state.last_seq < head:
        missing = head - state.last_seq
        text = f"{missing} events of the log are not in the stream: {state.last_seq + 1} to {head}"
        yield problem("stream_behind", text, page("RelayBehind"))


def of_refusal(why: str) -> Finding:
    """That the stream INBOX takes nothing, with what NATS says of it."""
    text = f"the stream INBOX takes nothing ({why}): an answer that comes while PostgreSQL is away is refused"
    return problem("inbox_refuses", text, f"make room on its disk, and start NATS again: {page('NatsAway')}")


def of_room(taken: int, room: int | None) -> Iterator[Finding]:
    """How full the stream is. `room`: bytes it may have; None or -1 without a limit."""
    if room and room > 0 and taken > NEARLY_FULL * room:
        text = f"the stream has {taken:,} of its {room:,} bytes; full, it takes no more events"
        yield warning("stream_nearly_full", text, "run `leadstream provision` with more LEADSTREAM_STREAM_MAX_BYTES")


def of_checkpoint(service: str, position: int, end: int, another: bool = False, at: str = "") -> Iterator[Finding]:
    """How far a service's tables hold the log against where it ends. `another`: the log has another event there.

    `at`: what a command says to find the servers.
    """
    if position > end:
        text = f"{service} holds the log up to {position}, and it ends at {end}: it would leave out what comes"
        mend = f"`leadstream repair{at}` where the stream goes on further, else `leadstream rebuild {service}{at}`"
        do = f"stop ingest; {mend}"
        yield problem("ahead_of_the_log", text, do)
    elif another:
        text = f"{service} was made of another event {position} than the log holds, and does not go on from there"
        do = f"`leadstream repair{at}` if the log is damaged, else `leadstream rebuild {service}{at}`"
        yield problem("of_another_log", text, do)


def of_disk(place: str, total: int, free: int) -> Iterator[Finding]:
    """A disk, in bytes."""
    if total and free < total * DISK_FREE:
        text = f"{place} has {free / 2**30:.1f} of {total / 2**30:.1f} GiB left"
        yield warning("disk_nearly_full", text, "make room before it is full: the log cannot be shortened")


def of_letters(service: str, open_: int, undecided: int) -> Iterator[Finding]:
    """Dead letters of one service."""
    do = f"`leadstream dead-letters list --service {service}` says which, and why"
    if undecided:
        yield problem(
            "dead_letters", f"events that {service} could not handle and that wait for a person: {undecided}", do
        )
    elif open_:
        yield warning("dead_letters", f"events that {service} could not handle and tries again by itself: {open_}", do)


def of_webhooks(used: Iterable[tuple[str, str, int, Facts]]) -> Iterator[Finding]:
    """Webhooks that soon take no more. `used`: a tenant, its webhook, what it has taken, and settings that name it."""
    naming: dict[tuple[str, str, int], list[Facts]] = {}
    for tenant, webhook, taken, config in used:
        naming.setdefault((tenant, webhook, taken), []).append(config)
    for (*_, taken), settings in naming.items():
        limits = Limits.strictest(settings)
        if limits and taken >= limits.submissions * NEARLY_FULL:
            text = f"a webhook has taken {taken} of the {limits.submissions} submissions it takes in its life"
            do = "`leadstream webhooks` says which, and who uses it; make a new one for them"
            yield warning("webhook_nearly_full", text, do)
