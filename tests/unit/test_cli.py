"""The command line's own part: what it asks, what it says, and the exit code it ends with."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.errors import Unreachable
from cli.main import app
from cli.progress import headline, picture, step_line, step_rows, watch

CLIENT = "client_00000000000000000000000001"
BATCH = "batch_00000000000000000000000001"
IMPORT = "import_00000000000000000000000001"
PLACES = {name: Endpoint(name, f"http://{name}") for name in ("ingest", "sequencer", "dispatcher", "projector")}
Handler = Callable[[httpx.Request], httpx.Response]


def api(handler: Handler) -> Api:
    return Api(PLACES, transport=httpx.MockTransport(handler), sleep=lambda _: None)


def error(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": message}})


SKIPPED = {"company_already_enriched": 1}


def batch(status: str = "running", failed: int = 0, **counts: int) -> dict[str, Any]:
    return {
        "batch_id": BATCH, "status": status, "items": 10, "completed": 4, "failed": failed, "cancelled": 0,
        "launched_at": "2026-01-01T00:00:00Z", "ended_at": None,
        "steps": [{"step": 0, "workflow": "enrich", "counts": counts, "skipped": SKIPPED}],
    }  # fmt: skip


def test_reads_wait_for_the_command_before_them() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"position": 7} if request.method == "POST" else [])

    with api(handler) as services:
        services.command("/v1/clients", {"name": "A"})
        services.read("sequencer", "/v1/batches", status=None)
    assert seen[0].headers["idempotency-key"]
    assert [request.url.query for request in seen] == [b"", b"at_position=7", b"at_position=7"]


def test_a_busy_service_is_asked_again_under_the_same_key() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers.get("idempotency-key", ""))
        return error(503, "unavailable", "busy") if len(keys) < 3 else httpx.Response(201, json={})

    with api(handler) as services:
        assert services.command("/v1/clients", {}) == {}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("Connection refused", request=request)


@pytest.mark.parametrize(
    ("handler", "exit_code", "said"),
    [
        (refuse_connection, 3, "cannot reach service ingest at http://ingest: Connection refused"),
        (lambda _: error(422, "invalid", "name: too\nlong"), 1, "leadstream: name: too long\n"),
        (lambda _: error(401, "unauthorized", "no"), 1, "set LEADSTREAM_API_TOKEN"),
        (lambda _: httpx.Response(200, text="<html>"), 1, "something that is not leadstream's"),
        (lambda _: httpx.Response(404, text="nothing"), 1, "LEADSTREAM_INGEST_URL"),
    ],
)
def test_failures_are_one_line_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, handler: Handler, exit_code: int, said: str
) -> None:
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(handler))
    result = CliRunner().invoke(app, ["client", "list"])
    assert (result.exit_code, result.stdout) == (exit_code, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(("name", "said"), [("Twin", "2 clients are named"), ("acme", "no client is named")])
def test_a_client_is_found_by_its_exact_name(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    there = [{"client_id": CLIENT, "name": name} for name in ("Acme", "Twin", "Twin")]
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(lambda _: httpx.Response(200, json=there)))
    result = CliRunner().invoke(app, ["pipeline", "list", name])
    assert (result.exit_code, said in result.stderr) == (1, True)


@pytest.mark.parametrize("words", [
    "leads list --client", "customers list", "answers unread --client", "people customers --client",
])  # fmt: skip
def test_a_client_s_id_is_one_that_a_client_has(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    there = [{"client_id": CLIENT, "name": "Acme"}]
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(lambda _: httpx.Response(200, json=there)))
    result = CliRunner().invoke(app, [*words.split(), "client_7ZZZZZZZZZZZZZZZZZZZZZZZZZ"])
    assert (result.exit_code, "no client client_7ZZ" in result.stderr) == (1, True)


@pytest.mark.parametrize("command", [
    "tenant show", "workflow show enrich_email", f"pipeline show {CLIENT} full",
    "answers show evt_00000000000000000000000001",
])  # fmt: skip
def test_what_is_json_anyway_takes_the_option_for_it(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    there = [{"pipeline_id": "pipe_1", "name": "full", "workstream": "apollo_scrape"}]

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=there if "clients" in request.url.path else there[0])

    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    plain, told = (CliRunner().invoke(app, [*command.split(), *option]) for option in ((), ("--json",)))
    assert (told.exit_code, told.stdout, json.loads(told.stdout)) == (0, plain.stdout, there[0])


def test_conditions_are_sent_as_the_api_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"leads": [], "next": None})

    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    options = (
        "--where company_country=A=B --where company_country=C --min company_employee_count=5 --known company_city"
    )
    options += " --known person_email --search acme --sort -company_name"
    assert CliRunner().invoke(app, ["leads", "list", *options.split()]).exit_code == 0
    assert sorted(asked[0].params.multi_items()) == [
        ("company_country", "A=B"), ("company_country", "C"), ("company_employee_count.min", "5"),
        ("known", "company_city,person_email"), ("limit", "50"), ("q", "acme"), ("sort", "-company_name"),
    ]  # fmt: skip
    assert CliRunner().invoke(app, ["leads", "list", "--where", "company_country"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "form"),
    [
        ("-o a.xlsx", "xlsx"),
        ("-o a.XLSX -f xlsx", "xlsx"),
        ("-o a.txt -f csv", "csv"),
        ("-f jsonl", "jsonl"),
        ("-o a", "csv"),
        ("-o - -f parquet", "parquet"),
        ("", "csv"),
    ],
)
def test_a_file_s_ending_says_its_format(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: str, form: str
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["format"])
        return httpx.Response(200, content=b"x")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    assert CliRunner().invoke(app, ["leads", "export", *arguments.split()]).exit_code == 0
    assert asked == [form]


def test_bad_rows_are_saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    upload = "import_00000000000000000000000000"
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=b"leadstream_reason,Name\r\n")

    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(answer))
    result = CliRunner().invoke(app, ["bad-rows", upload, "--output", str(tmp_path / "mend.csv")])
    assert (result.exit_code, asked) == (0, [f"/v1/uploads/{upload}/bad-rows"])
    assert (tmp_path / "mend.csv").read_bytes() == b"leadstream_reason,Name\r\n"
    assert CliRunner().invoke(app, ["bad-rows", "people.csv"]).exit_code == 2


def test_an_export_that_breaks_off_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield b"lead_id\n"
            raise httpx.ReadError("gone")

    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(lambda _: httpx.Response(200, stream=Broken())))
    result = CliRunner().invoke(app, ["leads", "export", "--output", str(tmp_path / "leads.csv")])
    assert result.exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_watched_batch_with_failures_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = batch("completed", failed=2, FAILED=2, COMPLETED=8)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(lambda _: httpx.Response(200, json=ended)))
    watched = CliRunner().invoke(app, ["status", BATCH, "--watch", "--json"])
    assert (watched.exit_code, json.loads(watched.stdout)) == (1, ended)
    assert CliRunner().invoke(app, ["status", BATCH]).exit_code == 0


def test_watching_outlives_a_restart_of_the_sequencer() -> None:
    answers = iter([batch(), Unreachable("sequencer", "http://b"), batch(COMPLETED=4), batch("completed")])
    pauses: list[float] = []

    def get() -> dict[str, Any]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    screen = Console(file=io.StringIO(), width=100)
    assert watch(get, screen, sleep=pauses.append)["status"] == "completed"
    assert len(pauses) == 3


def test_a_paused_batch_is_watched_until_nothing_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    paused = [batch("paused", IN_PROGRESS=1, PENDING=1), *[batch("paused", PENDING=1)] * 5]
    answers = iter([batch(PENDING=2), *[paused[0]] * 9, *paused])
    seen: list[dict[str, Any]] = []

    def get() -> dict[str, Any]:
        seen.append(next(answers))
        return seen[-1]

    assert watch(get, Console(file=io.StringIO()), sleep=lambda _: None) == paused[-1]
    assert len(seen) == 16

    events = [{"type": "BatchPaused", "payload": {"reason": why}} for why in ("", "credits\nare short")]
    told = {"sequencer": paused[-1], "ingest": events, "dispatcher": [{"status": "HELD", "dispatches": 1}]}
    monkeypatch.setattr("cli.progress.STILL", 0)
    monkeypatch.setattr("cli.api.open_api", lambda _=None: api(lambda r: httpx.Response(200, json=told[r.url.host])))
    result = CliRunner().invoke(app, ["status", BATCH, "--watch"])
    assert result.exit_code == 1
    assert f"paused: credits are short; `leadstream batch resume {BATCH}`" in result.stderr


def test_what_was_skipped_for_another_reason_is_not_shared() -> None:
    shown = batch(SKIPPED=12)
    shown["steps"][0]["skipped"] = {
        "company_enrichment_in_progress": 2, "person_already_enriched": 1, "by_hand": 4, "fields_already_there": 2,
        "company_not_found": 3,
    }  # fmt: skip
    (row,) = step_rows(shown)
    assert (row["shared"], row["skipped"]) == (6, 6)


def test_the_picture_of_a_batch_fits_a_terminal() -> None:
    screen = Console(file=io.StringIO(), width=80)
    now = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
    shown = batch(COMPLETED=4, SKIPPED=1, FAILED=1, PENDING=4, failed=1)
    shown["steps"][0]["workflow"] = "enrich_company_via_waterfall_in_clay"
    screen.print(picture(shown, now))
    assert isinstance(screen.file, io.StringIO)
    drawn = screen.file.getvalue()
    assert "1 enrich_company_via_waterfall_in_clay" in drawn
    assert "…" not in drawn
    assert headline(shown, now).endswith("5 of 10 items ended, 1 failed, 5 a minute, about 0:01:00 left")
    assert headline(batch("completed") | {"final": True}, now).startswith(f"{BATCH} completed, then cancelled, ")
    assert step_line(batch(COMPLETED=4, SKIPPED=1, FAILED=1)) == "enrich 5/10 (1 failed)"
