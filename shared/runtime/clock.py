"""The time of day, the same for every process: that of the database.

A machine's own clock is believed while it is within a second of the database's. One that is further off is corrected by
the difference, which every new connection measures anew, and a service every few seconds besides: either clock may be
put right at any time. Otherwise its retries would be due, and its answers missing, by as much too early or too late.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

BELIEVED: Final = timedelta(seconds=1)
logger = structlog.get_logger()
_correction = timedelta()


def now() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC) + _correction


def compare(database: datetime, asked: datetime, answered: datetime) -> None:
    """Take the database's time, which it told between `asked` and `answered` by this machine's own clock."""
    global _correction  # noqa: PLW0603 - one process, one clock
    off = database - (asked + (answered - asked) / 2)
    correction = off if abs(off) > max(BELIEVED, answered - asked) else timedelta()
    if abs(correction - _correction) > BELIEVED:
        logger.warning("this machine's clock is off; the database's counts", seconds=round(off.total_seconds(), 1))
    _correction = correction
