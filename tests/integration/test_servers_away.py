"""Commands that work on the servers directly say in one line that a server is away; parts that wait for one, where."""

import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.main import app
from shared.runtime.ports import free_ports
from shared.runtime.settings import ROLES
from tests.running_servers import Servers

COMMANDS = (
    "verify",
    "rebuild all",
    "rebuild projector --to 1",
    "reproject",
    "repair --yes",
    "log export {folder}/log.jsonl.gz",
    "provision",
)


@pytest.fixture(autouse=True)
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = ", ".join(f'"{role}": "secret"' for role in ROLES)
    monkeypatch.setenv("LEADSTREAM_ROLE_PASSWORDS", f"{{{passwords}}}")
    monkeypatch.setenv(
        "LEADSTREAM_ADMIN_DATABASE_URL", f"postgresql://postgres@127.0.0.1:{free_ports(1)[0]}/leadstream"
    )
    for name in ("LEADSTREAM_NATS_URL", "LEADSTREAM_PROVISION_NATS_URL"):
        monkeypatch.setenv(name, f"nats://127.0.0.1:{free_ports(1)[0]}")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_is_away_is_told_in_one_line(command: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("away")
    result = CliRunner().invoke(app, command.format(folder=folder).split())
    assert (result.exit_code, result.stdout) == (3, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("leadstream: ")
    assert "cannot be used" in line
    assert "127.0.0.1" in line or "NATS" in line
    assert not list(folder.iterdir())


def test_of_two_servers_the_one_that_is_away_is_named(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", servers.admin_url(database))
    result = CliRunner().invoke(app, ["repair", "--yes"])
    assert result.exit_code == 3, result.output
    assert result.stderr.splitlines()[-1].startswith("leadstream: NATS cannot be used: ")


def test_tables_that_are_not_there_are_not_of_another_version(
    servers: Servers, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", servers.admin_url(database))
    monkeypatch.delenv("LEADSTREAM_NATS_URL")
    result = CliRunner().invoke(app, ["verify"])
    assert result.exit_code == 1
    assert "not compared: ingest has no tables yet: it folds the log itself when it is started" in result.stdout


@pytest.mark.parametrize(
    ("part", "waiting", "addresses"),
    [
        (["service", "sequencer"], "NATS", {"address": "that of LEADSTREAM_NATS_URL"}),
        (
            ["relay"],
            "relay interrupted; starting again from the stream",
            {"database": "that of LEADSTREAM_DATABASE_URL", "nats": "that of LEADSTREAM_NATS_URL"},
        ),
    ],
)
def test_a_part_that_waits_for_a_server_says_once_which_setting_has_its_address(
    part: list[str], waiting: str, addresses: dict[str, str]
) -> None:
    told = {"LEADSTREAM_DATABASE_URL": os.environ["LEADSTREAM_ADMIN_DATABASE_URL"], "LEADSTREAM_LOG_JSON": "true"}
    command = (sys.executable, "-m", "cli.main", *part)
    with subprocess.Popen(command, env=os.environ | told, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said, waits = [], []
        for line in process.stdout:
            said.append(json.loads(line))
            waits = [entry for entry in said if entry["event"] == waiting]
            if len(waits) == 2:
                break
        process.kill()
    assert [{name: entry[name] for name in addresses if name in entry} for entry in waits] == [addresses, {}]
    awaited = [entry["address"] for entry in said if entry["event"] == "PostgreSQL is awaited"]
    assert awaited == (["that of LEADSTREAM_DATABASE_URL"] if part[0] == "service" else [])
