"""What follows of a lead from dates and employers, and from whose word. Pure."""

import calendar
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from services.projector.customers import Customers
from services.projector.extractors.reading import Reading
from shared.values import Span

NEW_IN_ROLE: Final = "is_new_in_role"
RECENTLY_FUNDED: Final = "is_recently_funded"
WORKED_AT_CUSTOMER: Final = "is_worked_at_customer"
FLAGS: Final = (NEW_IN_ROLE, RECENTLY_FUNDED, WORKED_AT_CUSTOMER)
NEW_IN_ROLE_MONTHS: Final = 6
RECENTLY_FUNDED_MONTHS: Final = 12
Source = tuple[str, str]  # its name, and of an upload the field


class Derived(NamedTuple):
    """A value, and the sources that it follows from."""

    value: Any
    follows: Sequence[Source]


def of_dates(told: Sequence[tuple[Source, Reading]], today: date) -> dict[str, Derived]:
    """What can be said as of `today` from dates; a flag whose date is unknown or too vague is left out.

    `told`: each source and what it says, the surest first.
    """
    began = next(((said.current_since, source) for source, said in told if said.current_since), None)
    # A funding that is to come tells nothing of those that were.
    raised = [(said.funded, source) for source, said in told if said.funded and said.funded[0] <= today]
    role_since, funding_since = _windows(today)
    found = {}
    if began:
        (first, last), source = began
        found[NEW_IN_ROLE] = Derived(_within((first.replace(day=1), last), role_since, today), [source])
    if raised:
        funded, source = max(raised, key=lambda each: each[0])
        found[RECENTLY_FUNDED] = Derived(_within(funded, funding_since, today), [source])
    return found


def worked_at(
    customers: Customers, employers: Iterable[tuple[tuple[str, ...], Sequence[Source]]]
) -> tuple[Derived, str | None]:
    """Whether a past or present employer is a customer, None when none is known; and what it was known by.

    `employers`: what each is known by, and who tells of it.
    """
    known = [(keys, sources) for keys, sources in employers if keys]
    for keys, sources in known:
        if found := customers.key_of(keys):
            return Derived(True, sources), found
    return Derived(False if known else None, [source for _, sources in known for source in sources]), None


def _within(when: Span, since: date, until: date) -> bool | None:
    """Whether it happened from `since` to `until`, both included; None when it is told too vaguely to say."""
    first, last = when[0], min(when[1], until)
    if first > until or last < since:
        return False
    return True if first >= since else None


@lru_cache(maxsize=64)
def _windows(today: date) -> tuple[date, date]:
    """Since when a role is new (jobs are told to the month), and since when a funding is recent."""
    role_since = _months_before(today, NEW_IN_ROLE_MONTHS).replace(day=1)
    return role_since, _months_before(today, RECENTLY_FUNDED_MONTHS)


def _months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last day of that month; never before the year 1."""
    year_, month_ = divmod(max(day.year * 12 + day.month - 1 - months, 12), 12)
    return date(year_, month_ + 1, min(day.day, calendar.monthrange(year_, month_ + 1)[1]))
