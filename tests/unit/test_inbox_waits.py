"""Answers in the inbox are waited for; what stays there is not, and hides none that come after it."""

import pytest

from services.dispatcher.deadlines import INBOX_SECONDS, Inbox


class Watched:
    """An inbox that is asked each second."""

    def __init__(self) -> None:
        self.inbox = Inbox(None)  # type: ignore[arg-type]
        self.now = 1_000.0

    def asked(self, *messages: int, every: float = 1.0) -> list[bool]:
        said = []
        for count in messages:
            self.now += every
            said.append(self.inbox._is_empty(count, self.now))
        return said


@pytest.fixture
def watched() -> Watched:
    return Watched()


LONG = int(INBOX_SECONDS) + 2


def test_a_backlog_is_waited_for_however_long_it_takes(watched: Watched) -> None:
    assert watched.asked(*range(5 * LONG, 0, -1)) == [False] * 5 * LONG
    assert watched.asked(0, 0) == [True, True]


def test_what_stays_is_waited_for_once(watched: Watched) -> None:
    assert watched.asked(*[3] * LONG)[-1]
    assert watched.asked(4, 3, 50, 3, 2, 3) == [False, True, False, True, True, False]


def test_what_stays_is_known_although_answers_come_and_go(watched: Watched) -> None:
    said = watched.asked(*[2, 40, 20, 2] * LONG)
    assert (said[:4], said[-4:]) == ([False] * 4, [True, False, False, True])


def test_what_was_there_before_nobody_asked_says_nothing(watched: Watched) -> None:
    watched.asked(500, 500)
    assert watched.asked(*[800] * 5, every=3600) == [False] * 5
    assert watched.asked(*[800] * 10) == [False] * 10
