"""What `leadstream doctor` says of what it cannot look at, and of how what does not run is started."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from cli.findings import Finding, of_services, page, warning
from cli.main import app
from cli.stack_identity import Identity
from shared.runtime.definition import OtherShape
from shared.runtime.settings import SERVICES
from shared.runtime.shadow import Busy

URL = "postgresql://postgres:hunter2@127.0.0.1:1/leadstream"
STOPPED = ["`leadstream up --data {here}`"]
ALONE = ["end `leadstream up --no-services`, if that runs there", "start `leadstream up --data {here}`"]
ONE_ENDED = ["`leadstream up` starts it again by itself; {here}/logs/projector.log says"]
ELSEWHERE = ["`leadstream service projector`"]


class Silent:
    """A NATS server that says nothing of its streams."""

    def jetstream(self, **_: Any) -> "Silent":
        return self

    async def stream_info(self, _: str) -> None:
        raise TimeoutError

    async def close(self) -> None: ...


class Unreadable(AbstractAsyncContextManager["Unreadable"]):
    """A connection to a database that this user may not read."""

    async def __aexit__(self, *_: object) -> None: ...

    async def execute(self, *_: object) -> None:
        raise psycopg.errors.InsufficientPrivilege("permission denied\nDETAIL: none")


def answered(value: Any) -> Callable[..., Awaitable[Any]]:
    """A function that gives the value, or raises it."""

    async def answer(*_: Any, **__: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return answer


async def nothing(*_: Any) -> AsyncIterator[Any]:
    for finding in ():
        yield finding


async def without_tables(*_: Any) -> AsyncIterator[Finding]:
    yield warning("never_ran", "ingest has no tables", "start it")


@pytest.mark.parametrize("error", [Busy("it is folded"), OtherShape("another"), psycopg.OperationalError("gone")])
def test_what_doctor_cannot_look_at_is_a_finding(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.setenv("LEADSTREAM_NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.setattr("cli.health.health", lambda _: {})
    monkeypatch.setattr("cli.examination.connect", answered(Unreadable()))
    monkeypatch.setattr("nats.connect", answered(Silent()))
    found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)["findings"]
    assert [finding["code"] for finding in found] == ["database_unreadable", "nats_silent"]
    assert found[0]["text"].endswith(": permission denied")

    monkeypatch.setattr("cli.examination.database", nothing)
    monkeypatch.setattr("cli.examination.streams", nothing)
    monkeypatch.setattr("cli.examination.leaders", answered(None))
    monkeypatch.setattr("cli.checks.check", answered(error))
    (finding,) = json.loads(CliRunner().invoke(app, ["doctor", "--json", "--verify"]).stdout)["findings"]
    assert (finding["code"], str(error) in finding["text"]) == ("not_verified", True)


@pytest.mark.parametrize(
    ("answering", "runs", "elsewhere", "codes", "mends"),
    [
        ((), False, False, ["stack_down"], STOPPED),
        ((), True, False, ["no_services"], ALONE),
        (SERVICES[:-1], True, False, ["service_down", "nobody_leads", "no_relay"], ONE_ENDED),
        (SERVICES[:-1], True, True, ["service_down", "nobody_leads", "no_relay"], ELSEWHERE),
        ((), False, True, [*["service_down", "nobody_leads"] * 5, "no_relay"], ["`leadstream service ingest`"]),
    ],
)
def test_how_a_service_is_started_is_told_by_where_it_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answering: Sequence[str], runs: bool, elsewhere: bool,
    codes: list[str], mends: list[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("cli.stack_identity.free_ports", lambda count: list(range(1, count + 1)))
    Identity.of(tmp_path, {})
    if elsewhere:
        monkeypatch.setenv("LEADSTREAM_INGEST_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(
        "cli.health.health", lambda places: {place: {} if place in answering else None for place in places}
    )
    monkeypatch.setattr("shared.runtime.embedded.Postgres.answers", lambda _: False)
    monkeypatch.setattr("shared.runtime.embedded.Nats.answers", lambda _: runs)
    monkeypatch.setattr("cli.examination.database", without_tables)
    monkeypatch.setattr("cli.examination.streams", nothing)
    monkeypatch.setattr("cli.examination.disks", lambda _: [])
    monkeypatch.setattr("cli.examination.leaders", answered(answering))
    result = CliRunner().invoke(app, ["doctor", "--json", "--data", str(tmp_path)])
    found = json.loads(result.stdout)["findings"]
    never_ran = ["never_ran"] if "service_down" in codes else []
    assert [finding["code"] for finding in found] == codes + never_ran
    for mend in mends:
        assert mend.format(here=tmp_path) in found[0]["do"]


def test_a_server_that_no_service_reaches_is_another_matter_than_a_service_that_is_cut_off() -> None:
    none = {name: {"database": False, "nats": True} for name in SERVICES}
    (finding,) = of_services(none, None)
    assert (finding.text, finding.do) == ("no service reaches PostgreSQL", page("DatabaseAway"))
    one = {name: {"database": True, "nats": name != "ingest"} for name in SERVICES}
    (finding,) = of_services(one, None)
    assert (finding.text, finding.do) == ("ingest does not reach NATS", page("ProcessCutOff"))
