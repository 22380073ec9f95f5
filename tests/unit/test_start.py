"""What the command line loads before a command does anything: every command waits for it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from services.ingest.files.limits import Limits
from shared.runtime.settings import Settings

DATA = Path(__file__).parents[1] / "data"
# Each takes a tenth of a second or more.
DEAR = {"asyncio", "charset_normalizer", "httpx", "nats", "psycopg", "pydantic_settings", "requests", "sqlalchemy"}


def loaded(*arguments: str) -> set[str]:
    """The packages that are there when `leadstream` with these arguments has ended."""
    program = (
        "import json, sys; from cli.main import app; arguments = json.loads(sys.argv[1]);"
        "arguments and app(arguments, standalone_mode=False); print(json.dumps(list(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr)}


def test_commands_are_declared_without_what_carries_them_out() -> None:
    found = loaded()
    assert {"cli", "typer"} <= found
    assert found.isdisjoint({*DEAR, "services", "shared"})


def test_a_preview_loads_no_server_s_libraries() -> None:
    found = loaded("preview", str(DATA / "apollo/accounts_32col.csv"), "--workstream", "apollo_scrape", "--json")
    assert {"services", "shared"} <= found
    assert found.isdisjoint(DEAR)


def test_limits_are_those_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.configured() == Limits() == Limits.of(Settings())
    monkeypatch.setenv("leadstream_ingest_max_rows", "7")
    assert Limits.configured() == Limits.of(Settings()) == Limits(rows=7)
