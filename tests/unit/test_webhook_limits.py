"""What settings say of a webhook, one of them and several."""

import pytest

from services.dispatcher.webhooks import UNLIMITED_IN_HAND, Limits


@pytest.mark.parametrize(("settings", "limits"), [
    ([{}], Limits()),
    ([{"rate_per_second": 2, "burst": 9}, {"rate_per_second": 200, "burst": 1}], Limits(rate=2, burst=1)),
    ([{"rate_per_second": 0}, {"rate_per_second": 3}, {"rate_per_second": 0}], Limits(rate=3)),
    ([{"rate_per_second": 0}, {"rate_per_second": 0}], Limits(rate=0)),
    ([{"in_flight": 99}, {"in_flight": 2}], Limits(in_flight=2)),
    ([{"circuit_failures": 2, "circuit_seconds": 5}, {"circuit_seconds": 90}], Limits(failures=2, pause=90)),
    ([{"max_submissions": 100_000}, {}], Limits()),
    ([{"max_submissions": 100}, {"max_submissions": "many"}], Limits(submissions=100)),
    ([{"in_flight": 0}, {"burst": "many"}], None),
    ([], None),
])  # fmt: skip
def test_of_several_settings_that_name_a_webhook_the_strictest_holds(
    settings: list[dict[str, object]], limits: Limits | None
) -> None:
    assert Limits.strictest(settings) == limits
    assert Limits.strictest(settings[::-1]) == limits


def test_what_is_in_hand_can_be_sent_soon() -> None:
    assert Limits(rate=10, burst=20, in_flight=16).in_hand == 36
    assert Limits(rate=0, in_flight=16).in_hand == UNLIMITED_IN_HAND
    assert Limits(rate=0, in_flight=1_000).in_hand == 1_000
