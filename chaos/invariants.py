"""What has to be true afterwards: of the log itself, of what was acknowledged, of what the provider saw."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
import psycopg

from chaos.load import Book
from chaos.tally import Tally
from cli.checks import check
from shared.ids import from_hex

ENDED: Final = ("completed", "failed", "cancelled")
OPEN: Final = """
SELECT (SELECT count(*) FROM sequencer.batch WHERE status NOT IN ('completed', 'cancelled'))
     + (SELECT count(*) FROM sequencer.item s LEFT JOIN projector.final_leads l USING (item_id)
        WHERE l.outcome IS DISTINCT FROM s.status)
"""
ROWS: Final = """
SELECT batch_id, count(*), count(DISTINCT row), count(*) FILTER (WHERE status = ANY(%s)) FROM sequencer.item GROUP BY 1
"""


def still_open(admin_url: str) -> int:
    """Batches that have not ended, and items without the lead that says how they ended."""
    with psycopg.connect(admin_url, autocommit=True, connect_timeout=3) as connection:
        row = connection.execute(OPEN).fetchone()
    assert row is not None
    return int(row[0])


def tallied(admin_url: str) -> Tally:
    """The whole log, event by event."""
    tally = Tally()
    with psycopg.connect(admin_url) as connection, connection.cursor("log") as cursor:
        cursor.itersize = 5_000
        for (body,) in cursor.execute("SELECT body FROM log.events ORDER BY position"):
            tally.take(orjson.loads(body))
    return tally


def acknowledged(tally: Tally, book: Book, ended: Mapping[str, tuple[int, int, int]]) -> Iterable[str]:
    """What was promised over HTTP and is not there, or there twice. `ended`: by batch its items, rows, ended items."""
    for upload in book.uploads:
        if tally.uploads[upload] != 1:
            yield f"acknowledged upload {upload} stands {tally.uploads[upload]} times in the log"
    for launch in book.launches:
        name = launch.batch_id
        if tally.launches.get(name) != launch.rows:
            yield f"acknowledged launch {name} of {launch.rows} rows: the log has {tally.launches.get(name)}"
        if tally.rows.get(name) != set(range(1, launch.rows + 1)):
            yield f"{name}: {len(tally.rows.get(name, ()))} of {launch.rows} rows became items"
        if ended.get(name) != (launch.rows, launch.rows, launch.rows):
            yield f"{name}: items, rows, ended: {ended.get(name)}, and not {launch.rows} each"
        if launch.cancelled and name not in tally.cancelled:
            yield f"the acknowledged cancellation of {name} is not in the log"


def seen_by_provider(
    tally: Tally, ledger: Sequence[Mapping[str, Any]], dispatches: frozenset[str], noted: Mapping[str, int]
) -> Iterable[str]:
    """What the provider saw and the log does not explain. `noted`: how often the dispatcher noted a POST as begun."""
    posts, taken = Counter[str](), Counter[str]()
    entities: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for entry in ledger:
        name = entry["dispatch_id"]
        posts[name] += 1
        taken[name] += entry["accepted"]
        entities[entry["path"], entry["person_id"] or entry["company_id"]].add(name)
        if entry["idempotency_key"] != name:
            yield f"a POST of {name} had the idempotency key {entry['idempotency_key']}"
    for name, count in posts.items():
        if name not in dispatches:
            yield f"the provider was sent {name}, which the dispatcher does not know"
        # A note that is not there any more does not say how often: then one in doubt may have gone out again.
        if count > noted.get(name, count if name in tally.in_doubt else 1):
            yield f"{name} was POSTed {count} times: more often than it was noted to be in doubt"
        if tally.answers[name] < taken[name]:
            yield f"{taken[name]} answers to {name} were acknowledged, the log has {tally.answers[name]}"
    for (_, entity), names in entities.items():
        if len(names - tally.unsuccessful) > 1:
            yield f"{entity} was called {len(names)} times, and only {len(names & tally.unsuccessful)} calls failed"


def violations(admin_url: str, nats_url: str, book: Book, ledger: Sequence[Mapping[str, Any]]) -> Tally:
    """The tally, with everything that is wrong."""
    tally = tallied(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        ended = {from_hex("batch", str(row[0])): tuple(row[1:]) for row in connection.execute(ROWS, (list(ENDED),))}
        rows = connection.execute("SELECT dispatch_id FROM dispatcher.dispatch")
        dispatches = frozenset(from_hex("disp", str(row[0])) for row in rows)
        rows = connection.execute("SELECT dispatch_id, times FROM dispatcher.sending")
        noted = {from_hex("disp", str(row[0])): int(row[1]) for row in rows}
    for wrong in acknowledged(tally, book, ended):
        tally.violate(wrong)
    for wrong in seen_by_provider(tally, ledger, dispatches, noted):
        tally.violate(wrong)
    verdict = asyncio.run(check(admin_url, nats_url))
    if not verdict["identical"]:
        tally.violate(f"verify: {orjson.dumps(verdict, default=str).decode()[:2000]}")
    if verdict["stream"]["messages"] != tally.events:
        tally.violate(f"the stream has {verdict['stream']['messages']} of {tally.events} events")
    return tally
