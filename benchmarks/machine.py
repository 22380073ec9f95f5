"""How quick this machine is, against the one for which the aims were set: what is measured here is to be read with it.

    python -m benchmarks.machine [--json]

Three things that all services do, as plainly as they can be done. `share`: of what the other machine did, with two
virtual cores and 0.14 ms an fdatasync. 700 items/s there are 700 times the share here.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

import nats
import orjson
import psycopg

from cli.stack import Stack

# A second, on the other machine: messages of 1 KB, each waited for and on disk; rows; events of 400 B.
THERE: Final = {"messages published": 3_100, "rows upserted": 160_000, "events read": 1_100_000}
ROUNDS: Final = 3
MESSAGES: Final = 3_000
ROWS, BATCHES = 500, 40
EVENTS, CHUNK = 200_000, 5_000
UPSERT: Final = (
    "INSERT INTO bench SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r (id text, word text, other text, n int)"
    " ON CONFLICT (id) DO UPDATE SET word = excluded.word, other = excluded.other, n = excluded.n"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    with (
        tempfile.TemporaryDirectory(prefix="leadstream-bench-", ignore_cleanup_errors=True) as name,
        Stack(Path(name), services=False).running() as stack,
    ):
        rounds = [measure(stack) for _ in range(ROUNDS)]
    here = {what: round(statistics.median(one[what] for one in rounds)) for what in THERE}
    report = {what: {"a_second": rate, "share": round(rate / THERE[what], 2)} for what, rate in here.items()}
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for what, told in report.items():
        print(f"{what:<20} {told['a_second']:>9,}/s  {told['share']:.2f} of the machine of the aims")


def measure(stack: Stack) -> dict[str, float]:
    """Each thing once, a second."""
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        return {
            "messages published": asyncio.run(published(stack.nats.url("provision"))),
            "rows upserted": upserted(connection),
            "events read": read(connection),
        }


async def published(url: str) -> float:
    """Messages of 1 KB to a stream that is on disk at each, one after the other."""
    client = await nats.connect(url, name="bench")
    try:
        stream = client.jetstream()
        await stream.add_stream(name="BENCH", subjects=["bench"])
        body, began = os.urandom(1_024), time.monotonic()
        for _ in range(MESSAGES):
            await stream.publish("bench", body)
        seconds = time.monotonic() - began
        await stream.delete_stream("BENCH")
    finally:
        await client.close()
    return MESSAGES / seconds


def upserted(connection: psycopg.Connection) -> float:
    """Rows, 500 a transaction, by one JSON parameter."""
    connection.execute("DROP TABLE IF EXISTS bench")
    connection.execute("CREATE TABLE bench (id text PRIMARY KEY, word text, other text, n int)")
    batches = [
        orjson.dumps(
            [{"id": f"{batch}-{row}", "word": "w" * 40, "other": "o" * 20, "n": row} for row in range(ROWS)]
        ).decode()
        for batch in range(BATCHES)
    ]
    began = time.monotonic()
    for batch in batches:
        connection.execute(UPSERT, (batch,))
    return ROWS * BATCHES / (time.monotonic() - began)


def read(connection: psycopg.Connection) -> float:
    """Events of 400 B, in order, a chunk after the other."""
    connection.execute("DROP TABLE IF EXISTS bench")
    connection.execute("CREATE TABLE bench (position bigint PRIMARY KEY, body text)")
    connection.execute(
        "INSERT INTO bench SELECT n, repeat(md5(n::text), 12) FROM generate_series(1, %s) AS n", (EVENTS,)
    )
    connection.execute("VACUUM ANALYZE bench")
    position, began = 0, time.monotonic()
    query = "SELECT position, body FROM bench WHERE position > %s ORDER BY position LIMIT %s"
    while position < EVENTS:
        position = connection.execute(query, (position, CHUNK), binary=True).fetchall()[-1][0]
    return EVENTS / (time.monotonic() - began)


if __name__ == "__main__":
    main()
