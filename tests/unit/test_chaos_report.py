"""How long a killed part takes is told twice: of all kills, and of those with both servers there meanwhile."""

import pytest

from chaos.report import Struck


def struck(at: float, seconds: float, *touches: str) -> Struck:
    return Struck(at, seconds, touches, "lane", 1, "kind", "fault", "evidence", seen=True)


@pytest.mark.parametrize(
    ("other", "holds_it_up"),
    [
        (struck(12, 3, "postgres"), True),
        (struck(9, 2, "nats"), True),
        (struck(9, 2, "dispatcher to nats"), True),
        (struck(9, 20, "nats", "relay"), True),
        (struck(2, 7, "nats"), False),
        (struck(16, 3, "nats"), False),
        (struck(9, 9, "dispatcher to provider"), False),
        (struck(9, 9, "ingest to nats"), False),
        (struck(9, 9, "ingest"), False),
    ],
    ids=lambda value: f"{value.touches} from {value.at}" if isinstance(value, Struck) else "",
)
def test_a_server_away_meanwhile_holds_a_killed_service_up(other: Struck, holds_it_up: bool):
    assert other.held_up(struck(10, 5, "dispatcher")) is holds_it_up


def test_a_killed_server_is_not_held_up_by_what_is_done_to_itself():
    assert not struck(10, 5, "nats").held_up(struck(10, 5, "nats"))
    assert struck(10, 5, "postgres").held_up(struck(10, 5, "nats"))
