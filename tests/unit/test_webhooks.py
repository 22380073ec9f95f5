"""A webhook against a clock of its own: rate, burst, places in flight, the circuit, the submissions of its life."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from services.dispatcher import webhooks
from services.dispatcher.handlers import _stands
from services.dispatcher.posting import warn_where_no_answer_comes
from services.dispatcher.webhooks import LONGEST_PAUSE, Limits, NotNow, Webhook, Webhooks
from shared.runtime.settings import Settings
from tests.unit.facts import TENANT

URL = "https://hook.example/1"


class Clock:
    """Time passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.real_sleep = 1_000.0, asyncio.sleep

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await self.real_sleep(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(webhooks.time, "monotonic", found.monotonic)
    monkeypatch.setattr(webhooks.asyncio, "sleep", found.sleep)
    return found


async def calls(hook: Webhook, count: int, clock: Clock) -> list[float]:
    """When each of `count` calls in a row could begin, in seconds from now."""
    began, times = clock.now, []
    for _ in range(count):
        async with hook.turn():
            times.append(round(clock.now - began, 6))
    return times


async def test_the_limits_of_clay_hold_where_nothing_is_said(clock: Clock) -> None:
    times = await calls(Webhooks().of(TENANT, {"webhook_url": URL}), 50, clock)
    assert times[:20] == [0] * 20
    assert times[-1] == pytest.approx(3.0)


async def test_a_pause_fills_the_burst_and_no_more(clock: Clock) -> None:
    hook = Webhook(URL, Limits(rate=10, burst=3))
    await calls(hook, 5, clock)
    clock.now += 3_600
    assert await calls(hook, 4, clock) == [0, 0, 0, 0.1]


@pytest.mark.parametrize(("taken", "times"), [(0, [0, 0, 0, 0.1]), (7, [0.1, 0.2, 0.3, 0.4])])
async def test_who_takes_over_has_no_burst_that_another_may_have_spent(
    clock: Clock, taken: int, times: list[float]
) -> None:
    hook = Webhook(URL, Limits(rate=10, burst=3))
    hook.has_taken(taken)
    assert await calls(hook, 4, clock) == pytest.approx(times)


async def test_rate_zero_is_no_limit(clock: Clock) -> None:
    assert await calls(Webhook(URL, Limits(rate=0)), 500, clock) == [0] * 500


async def test_two_workflows_of_one_webhook_share_its_limits(clock: Clock) -> None:
    met = Webhooks()
    slow = met.of(TENANT, {"webhook_url": URL, "rate_per_second": 1, "burst": 1})
    await calls(slow, 3, clock)
    assert met.of(TENANT, {"webhook_url": URL, "rate_per_second": 1, "burst": 1, "freshness_days": 3}) is slow


async def test_webhooks_do_not_wait_for_each_other(clock: Clock) -> None:
    met = Webhooks()
    await calls(met.of(TENANT, {"webhook_url": URL, "rate_per_second": 1, "burst": 1}), 3, clock)
    assert await calls(met.of(TENANT, {"webhook_url": f"{URL}2", "rate_per_second": 1, "burst": 1}), 1, clock) == [0]


async def test_limits_that_change_hold_from_then_on(clock: Clock) -> None:
    met = Webhooks()
    hook = met.of(TENANT, {"webhook_url": URL, "burst": 100})
    changed = met.of(TENANT, {"webhook_url": URL, "rate_per_second": 1, "burst": 2})
    assert changed is hook
    assert await calls(hook, 4, clock) == [0, 0, 1, 2]


async def settle(done: Callable[[], bool]) -> None:
    for _ in range(50):
        if done():
            return
        await asyncio.sleep(0)


async def test_no_more_are_in_flight_than_allowed() -> None:
    hook, let_go, held = Webhook(URL, Limits(in_flight=4, burst=99)), asyncio.Event(), []

    async def hold() -> None:
        async with hook.turn():
            held.append(1)
            await let_go.wait()

    tasks = [asyncio.create_task(hold()) for _ in range(10)]
    await settle(lambda: len(held) > 4)
    assert len(held) == 4
    let_go.set()
    await asyncio.gather(*tasks)
    assert len(held) == 10


async def test_limits_that_change_hold_for_what_is_out_by_them_too() -> None:
    """As a batch with settings of its own comes and goes."""
    hook, out, most = Webhook(URL, Limits(burst=99)), list[int](), list[tuple[int, int]]()

    async def call(limits: Limits) -> None:
        hook.adopt(limits)
        async with hook.turn():
            out.append(limits.in_flight)
            most.append((len(out), min(out)))
            for _ in range(3):
                await asyncio.sleep(0)
            out.remove(limits.in_flight)

    changing = [Limits(burst=99, in_flight=allowed) for allowed in (1, 2)]
    await asyncio.gather(*(call(limits) for limits in changing * 10 + changing[1:] * 5))
    assert all(found <= allowed for found, allowed in most)
    assert (len(most), max(most)) == (25, (2, 2))


async def test_who_is_cancelled_while_it_waits_for_a_place_leaves_it_to_the_next() -> None:
    hook = Webhook(URL, Limits(in_flight=1, burst=99))
    async with hook.turn():
        waiting = [asyncio.create_task(_through(hook)) for _ in range(3)]
        await settle(lambda: False)
        waiting[0].cancel()
    waiting[1].cancel()  # at the moment in which its turn has come
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError, asyncio.CancelledError, type(None)]
    await _through(hook)


async def _through(hook: Webhook) -> None:
    async with hook.turn():
        pass


async def test_a_call_that_fails_gives_its_place_back() -> None:
    hook = Webhook(URL, Limits(in_flight=1))
    for _ in range(3):
        with pytest.raises(OSError, match="refused"):
            async with hook.turn():
                raise OSError("refused")


@pytest.mark.parametrize(
    "config",
    [
        {"burst": "many"},
        {"rate_per_second": "fast"},
        {"rate_per_second": -1},
        {"rate_per_second": float("nan")},
        {"in_flight": 0},
        {"in_flight": float("inf")},
        {"circuit_failures": 0},
        {"max_submissions": []},
        {"webhook_url": "ftp://hook.example"},
        {"webhook_url": None},
    ],
)
def test_settings_that_cannot_be_used_say_why_and_disturb_nobody(config) -> None:
    met = Webhooks()
    well = met.of(TENANT, {"webhook_url": URL})
    assert met.of(TENANT, {"webhook_url": URL} | config).problem
    assert met.of(TENANT, {"webhook_url": URL}) is well
    assert well.problem is None


def test_a_webhook_that_fails_in_a_row_is_left_alone_longer_each_time(clock: Clock) -> None:
    hook = Webhook(URL, Limits(failures=3, pause=10))
    for _ in range(2):
        assert not hook.circuit.failed(hook.limits, clock.now)
    assert hook.circuit.failed(hook.limits, clock.now)
    assert (hook.room(clock.now), hook.takes_more(clock.now), hook.left_alone(clock.now)) == (1, False, 10)
    clock.now += 10
    assert hook.circuit.failed(hook.limits, clock.now), "one more failure opens it again"
    assert hook.left_alone(clock.now) == 20
    for _ in range(20):
        clock.now = hook.circuit.until
        hook.circuit.failed(hook.limits, clock.now)
    assert hook.left_alone(clock.now) == LONGEST_PAUSE


def test_a_webhook_that_asks_for_a_pause_is_told_from_one_that_fails(clock: Clock) -> None:
    met = Webhooks()
    assert set(_stands(met, TENANT, URL).values()) == {None}, "another replica leads, and knows"
    met.leading = True
    assert set(_stands(met, TENANT, URL).values()) == {0}
    hook = met.of(TENANT, {"webhook_url": URL, "circuit_failures": 1, "circuit_seconds": 10})
    hook.circuit.hold(clock.now + 7)
    assert _stands(met, TENANT, URL)["left_alone_as_asked"] is True
    clock.now += 7
    assert hook.circuit.failed(hook.limits, clock.now)
    told = _stands(met, TENANT, URL)
    assert (told["left_alone_seconds"] > 0, told["left_alone_as_asked"]) == (True, False)


def test_after_the_pause_one_call_decides(clock: Clock) -> None:
    hook = Webhook(URL, Limits(failures=1, pause=10))
    hook.circuit.failed(hook.limits, clock.now)
    clock.now += 10
    assert hook.room(clock.now) == 1
    hook.in_hand = 1
    assert (hook.room(clock.now), hook.takes_more(clock.now)) == (0, False)
    hook.circuit.worked()
    assert hook.room(clock.now) == hook.limits.in_hand - 1


def test_failures_that_are_not_in_a_row_open_nothing(clock: Clock) -> None:
    hook = Webhook(URL, Limits(failures=2))
    for _ in range(5):
        assert not hook.circuit.failed(hook.limits, clock.now)
        hook.circuit.worked()


async def test_who_waits_for_a_turn_is_sent_back_when_the_circuit_opens(clock: Clock) -> None:
    hook = Webhook(URL, Limits(failures=1, in_flight=1))
    async with hook.turn():
        waiting = asyncio.create_task(calls(hook, 1, clock))
        await settle(lambda: False)
        hook.circuit.failed(hook.limits, clock.now)
    with pytest.raises(NotNow):
        await waiting


async def test_retry_after_holds_the_whole_webhook_and_opens_nothing(clock: Clock) -> None:
    hook = Webhook(URL, Limits())
    hook.circuit.hold(clock.now + 7)
    with pytest.raises(NotNow):
        await calls(hook, 1, clock)
    clock.now += 7
    assert hook.room(clock.now) == hook.limits.in_hand


@pytest.mark.parametrize("much", [10**9, 10**30, 1e300])
def test_no_more_is_in_hand_than_a_process_can_hold(much: float) -> None:
    for config in ({"burst": much}, {"in_flight": much}, {"in_flight": much, "rate_per_second": 0}):
        hook = Webhooks().of(TENANT, {"webhook_url": URL, **config})
        assert 10_000 <= hook.room(0.0) <= 20_000
    assert Limits.of({"burst": -much}).burst == 1


def test_a_webhook_is_full_at_its_limit() -> None:
    hook = Webhook(URL, Limits(submissions=2), taken=1)
    assert not hook.full
    assert hook.accept(1) == 2
    assert hook.full


@pytest.mark.parametrize(
    ("answers_to", "webhook", "warned"),
    [
        ("http://callbacks:8104", URL, True),
        ("http://127.0.0.1:8104", URL, True),
        ("https://leads.example", URL, False),
        ("http://callbacks:8104", "http://simulator:8200/webhook", False),
        ("http://127.0.0.1:8104", "", False),
    ],
)
def test_a_provider_that_cannot_answer_is_told_of(answers_to: str, webhook: str, warned: bool) -> None:
    with capture_logs() as said:
        warn_where_no_answer_comes(Settings(callback_base_url=answers_to), Webhook(webhook, Limits()))
    assert ["LEADSTREAM_CALLBACK_BASE_URL" in line["event"] for line in said] == [True] * warned
