"""Rebuild, undo and a look back by the command, while a batch runs; and what is refused."""

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator

import psycopg
import pytest

from cli.campaign import STEPS
from shared.runtime.settings import SERVICES
from tests.e2e.ledgers import leads_of

# Each starts many processes, one after the other.
pytestmark = pytest.mark.timeout(300)


def leadstream(stack, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--data", str(stack.folder)],
        capture_output=True, text=True, timeout=120, check=False, input=stdin,
    )  # fmt: skip


def said(stack, *words: str) -> dict:
    done = leadstream(stack, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def history(stack) -> Iterator[psycopg.Connection]:
    """The database; schemas that a test leaves to be looked at are dropped."""
    with psycopg.connect(stack.admin_url, autocommit=True) as connection:
        yield connection
        for (name,) in connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(look|[a-z]+_at)_'"):
            connection.execute(f"DROP SCHEMA {name} CASCADE".encode())


def test_all_services_are_rebuilt_while_a_batch_runs(stack, campaign, people, provider, history):
    """The provider refuses most of what it is asked until all is rebuilt, so the batch goes on, and does not end."""
    campaign.config = {
        "retry_base_seconds": 1,
        "retry_longest_seconds": 2,
        "max_attempts": 1000,
        "circuit_failures": 1000,
    }
    campaign.set_up()
    upload = campaign.upload(people([(f"P{n}", f"Firm{n % 9}") for n in range(120)]))
    provider(status_5xx=0.95)
    batch_id = campaign.launch(upload["upload_id"], STEPS)["batch_id"]
    report = said(stack, "rebuild", "all")
    assert campaign.batch(batch_id)["status"] == "running", "the batch had ended: nothing was tested"
    provider(status_5xx=0)
    batch = campaign.wait(batch_id, 90)
    assert (batch["completed"], batch["failed"]) == (120, 0)
    assert {name for name, found in report["services"].items() if found["compared"]} == set(SERVICES)
    assert report["identical"], report
    leads_of(campaign, batch_id, 120)
    assert said(stack, "rebuild", "projector", "--undo")["services"]["projector"]["schema"] == "projector"
    leads_of(campaign, batch_id, 120)
    assert said(stack, "verify")["identical"]


def test_a_tampered_row_is_named_with_its_event_and_rebuilt_away(stack, campaign, people, history):
    upload = campaign.upload(people([("Ada", "Difference")]))
    batch_id = campaign.launch(upload["upload_id"], STEPS)["batch_id"]
    campaign.wait(batch_id, 60)
    leads = leads_of(campaign, batch_id, 1)
    history.execute("UPDATE projector.final_leads SET company_name = 'Else' WHERE company_name LIKE '%Difference%'")
    done = leadstream(stack, "verify")
    assert done.returncode == 1
    assert 'company_name is "Else", should be ' in done.stdout
    assert "last event about it: ItemCompleted at position" in done.stdout
    assert leadstream(stack, "rebuild", "projector").returncode == 0
    assert leads_of(campaign, batch_id, 1) == leads
    assert said(stack, "verify")["identical"]


def test_the_state_as_of_a_position_and_a_time(stack, campaign, history):
    (position, at) = history.execute(
        "SELECT position, occurred_at FROM log.events WHERE type = 'ClientRegistered' ORDER BY position DESC LIMIT 1"
    ).fetchone()
    before = history.execute(
        "SELECT count(*) FROM log.events WHERE type = 'ClientRegistered' AND position < %s", (position,)
    ).fetchone()
    report = said(stack, "rebuild", "ingest", "--to", str(position - 1))
    schema = report["services"]["ingest"]["schema"]
    assert schema == f"ingest_at_{position - 1}"
    assert history.execute(f"SELECT count(*) FROM {schema}.client".encode()).fetchone() == before
    report = said(stack, "rebuild", "ingest", "--as-of", at.isoformat(), "--into", "look")
    assert report["services"]["ingest"]["schema"] == "look_ingest"
    assert history.execute("SELECT count(*) FROM look_ingest.client").fetchone()[0] == before[0] + 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("rebuild", "nobody"), 2, "there is no service 'nobody'"),
        (("rebuild", "ingest", "--to", "99999999"), 1, "position 99999999 does not exist: the log has positions 1 to"),
        (("rebuild", "ingest", "--as-of", "yesterday"), 2, "write an ISO time"),
        (("rebuild", "ingest", "--to", "1", "--undo"), 2, "exclude each other"),
        (("rebuild", "ingest", "--into", "look"), 2, "--into goes with --to or --as-of"),
        (("rebuild", "ingest", "--to", "1", "--into", "a b"), 2, "is no name for a schema"),
        (("rebuild", "ingest", "--to", "1", "--into", "projector; DROP"), 2, "is no name for a schema"),
        (("rebuild", "ingest", "--to", "1", "--into", "a" * 57), 2, "has 64 bytes"),
        (("log", "import", "nowhere.jsonl.gz"), 1, "nowhere.jsonl.gz cannot be read"),
        (("log", "export", "nowhere/x.gz", "--to", "99999999"), 1, "are not in the log, which ends at"),
        (("log", "export", "nowhere/x.gz"), 1, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(stack, words, code, says):
    done = leadstream(stack, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert says in done.stderr
    assert done.stderr.startswith("leadstream: ")
    assert done.stderr.count("\n") == 1


def test_a_log_is_not_imported_beside_services(stack, campaign, tmp_path):
    file = tmp_path / "log.jsonl.gz"
    assert said(stack, "log", "export", str(file), "--to", "5")["last"] == 5
    done = leadstream(stack, "log", "import", str(file))
    assert done.returncode == 1
    assert "stop the services first: callbacks, dispatcher, ingest, projector, sequencer would act" in done.stderr


def test_of_two_rebuilds_at_once_the_second_is_refused(stack, campaign, history):
    history.execute("SELECT pg_advisory_lock(%s)", (zlib.crc32(b"leadstream/fold/ingest"),))
    done = leadstream(stack, "rebuild", "ingest")
    assert done.returncode == 1
    assert "another command works on ingest in schema ingest_rebuild now" in done.stderr


def test_repair_leaves_what_is_whole(stack, campaign):
    found = said(stack, "repair", "--yes")
    assert found == {"restored": [], "appended": 0, "filled": 0, "copied": 0, "lost": [], "taken_out": []}
    refused = leadstream(stack, "repair", stdin="n\n")
    assert refused.returncode == 1
