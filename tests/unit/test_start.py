"""What the command line loads before a command does anything: every command waits for it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.ingest.files.limits import Limits
from shared.runtime.settings import Settings

DATA = Path(__file__).parents[1] / "data"
# Each takes a tenth of a second or more.
DEAR = {"asyncio", "charset_normalizer", "httpx", "nats", "psycopg", "pydantic_settings", "requests", "sqlalchemy"}


def loaded(*arguments: str) -> set[str]:
    """The packages and modules that are there when `leadstream` with these arguments has ended."""
    program = (
        "import json, sys; from cli.main import app; arguments = json.loads(sys.argv[1]);"
        "arguments and app(arguments, standalone_mode=False); print(json.dumps(list(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr))


def test_commands_are_declared_without_what_carries_them_out() -> None:
    found = loaded()
    assert {"cli", "typer"} <= found
    assert found.isdisjoint({*DEAR, "services"})
    assert {name for name in found if name.startswith("shared.")} == {"shared.ids"}


def test_a_preview_loads_no_server_s_libraries() -> None:
    found = loaded("preview", str(DATA / "apollo/accounts_32col.csv"), "--workstream", "apollo_scrape", "--json")
    assert {"services", "shared"} <= found
    assert found.isdisjoint(DEAR)


def test_limits_are_those_of_the_settings() -> None:
    assert Limits.configured() == Limits() == Limits.of(Settings())


@pytest.mark.parametrize(
    ("variable", "limit"),
    [
        ("LEADSTREAM_UPLOAD_MAX_BYTES", "file_bytes"),
        ("leadstream_ingest_max_rows", "rows"),
        ("LEADSTREAM_INGEST_MAX_COLUMNS", "columns"),
        ("LEADSTREAM_INGEST_MAX_CELL_CHARACTERS", "cell_characters"),
        ("LEADSTREAM_INGEST_MAX_UNPACKED_BYTES", "unpacked_bytes"),
    ],
)
def test_a_limit_is_set_by_its_variable(monkeypatch: pytest.MonkeyPatch, variable: str, limit: str) -> None:
    monkeypatch.setenv(variable, "70000")
    assert Limits.configured() == Limits.of(Settings()) == replace(Limits(), **{limit: 70_000})
