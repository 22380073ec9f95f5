"""Commands that change what there is: what is not named stays, and what cannot be meant is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app

CLIENT = "client_00000000000000000000000001"
BATCH = "batch_00000000000000000000000001"
IMPORT = "import_00000000000000000000000001"
PLACES = {name: Endpoint(name, f"http://{name}") for name in ("ingest", "sequencer", "dispatcher", "projector")}
ITEM, OTHER_ITEM = "item_00000000000000000000000001", "item_00000000000000000000000002"
FAILED = {"row": 1, "item_id": ITEM, "workflow": "find_fax", "code": "TIMEOUT"}
Sent = list[tuple[str, str, dict[str, Any]]]
Given = Callable[[dict[str, Any]], Sent]


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Answers GETs by path with what is `there`, or what that says of the request; the commands given are listed."""

    def given(there: dict[str, Any]) -> Sent:
        sent: Sent = []

        def handler(request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                asked = there.get(request.url.path, [])
                return httpx.Response(200, json=asked(request) if callable(asked) else asked)
            if request.url.path.endswith("/uploads"):
                return httpx.Response(201, json=there["uploaded"])
            sent.append((request.method, request.url.path, json.loads(request.content)))
            return httpx.Response(201, json={"position": 1, "config": {}, "batch_id": BATCH})

        def opened(at_position: int | None = None) -> Api:
            transport = httpx.MockTransport(handler)
            return Api(PLACES, at_position=at_position, transport=transport, sleep=lambda _: None)

        monkeypatch.setattr("cli.api.open_api", opened)
        return sent

    return given


def test_of_a_workflow_that_is_changed_the_rest_stays(services: Given) -> None:
    phone = {
        "tenant_id": "tenant_1", "workflow": "find_phone", "workstream": "apollo_scrape", "kind": "ASYNC",
        "scope": "person", "title": "Phone", "description": "Finds it", "credits": 2.0,
        "sets": {"mobile_phone": ["phone"]}, "reads_answers": True, "settings": {"region": {"enum": ["eu"]}},
    }  # fmt: skip
    sent = services({"/v1/workflows": [phone | {"workstream": "crm_data", "credits": 9.0}, phone]})
    assert CliRunner().invoke(app, ["workflow", "register", "find_phone", "--credits", "3"]).exit_code == 0
    changed = {name: value for name, value in phone.items() if name != "tenant_id"} | {"credits": 3.0}
    assert sent == [("POST", "/v1/workflows", changed)]
    CliRunner().invoke(app, ["workflow", "register", "find_phone", "--no-reads-answers", "--scope", "COMPANY"])
    assert sent[1][2] == changed | {"credits": 2.0, "reads_answers": False, "scope": "company"}


def test_a_new_workflow_has_what_was_named(services: Given) -> None:
    sent = services({})
    assert CliRunner().invoke(app, ["workflow", "register", "find_fax", "--sets", "fax=fax,telefax"]).exit_code == 0
    named = {
        "workflow": "find_fax",
        "workstream": "apollo_scrape",
        "kind": "ASYNC",
        "sets": {"fax": ["fax", "telefax"]},
    }
    assert sent == [("POST", "/v1/workflows", named)]


def test_another_client_of_a_name_is_asked_for_by_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"error": {"code": "client_exists", "message": "client 1 is named 'Acme'; say `again` for another"}}
    transport = httpx.MockTransport(lambda _: httpx.Response(409, json=told))
    monkeypatch.setattr("cli.api.open_api", lambda: Api(PLACES, transport=transport))
    result = CliRunner().invoke(app, ["client", "add", "Acme"])
    assert (result.exit_code, result.stderr) == (1, "leadstream: client 1 is named 'Acme'; say --again for another\n")


def test_a_list_without_customers_takes_nobody_s_place(services: Given, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("Company Name\n")
    uploaded = {
        "upload_id": IMPORT, "rows": 0, "bad_row_count": 2, "bad_rows": [], "mapping": {}, "unmapped": [],
        "duplicate": False, "warnings": [], "workstream": "customer_companies",
    }  # fmt: skip
    there = {f"/v1/uploads/{IMPORT}": {"status": "ready"}, "uploaded": uploaded}
    sent = services(there)
    result = CliRunner().invoke(app, ["customers", "replace", CLIENT, str(file)])
    assert (result.exit_code, result.stdout, sent) == (1, "", [])
    assert f"leadstream bad-rows {IMPORT}" in result.stderr
    sent = services(there | {"uploaded": uploaded | {"rows": 1}})
    assert CliRunner().invoke(app, ["customers", "replace", CLIENT, str(file), "--json"]).exit_code == 0
    assert [body["kept_upload_id"] for _, _, body in sent] == [IMPORT]


@pytest.mark.parametrize("action", ["retry", "skip"])
def test_what_a_retry_does_is_not_known_yet(services: Given, action: str) -> None:
    sent = services({f"/v1/batches/{BATCH}": {"failed": 7}, f"/v1/batches/{BATCH}/items": [FAILED]})
    result = CliRunner().invoke(app, ["batch", action, BATCH, "--code", "TIMEOUT", "--reason", "mended"])
    assert result.stdout == f"{BATCH}: asked to {action}\n"
    chosen = {"items": [], "workflow": None, "codes": ["TIMEOUT"], "everything": False, "reason": "mended"}
    assert sent == [("POST", f"/v1/batches/{BATCH}/{action}", chosen)]
    told = CliRunner().invoke(app, ["batch", action, BATCH, "--all", "--json"]).stdout
    assert {"items", "failed"}.isdisjoint(json.loads(told))


@pytest.mark.parametrize("chosen", [["--code", "AUTH"], ["--step", "find_phone"], ["--item", OTHER_ITEM]])
def test_a_retry_of_nothing_says_so(services: Given, chosen: list[str]) -> None:
    sent = services({f"/v1/batches/{BATCH}": {"failed": 1}, f"/v1/batches/{BATCH}/items": [FAILED]})
    result = CliRunner().invoke(app, ["batch", "retry", BATCH, *chosen])
    assert (result.exit_code, result.stdout, sent) == (1, "", [])
    assert "nothing to retry" in result.stderr


def test_a_retry_looks_at_the_batch_as_its_caller_knows_it(services: Given) -> None:
    def failed(request: httpx.Request) -> list[dict[str, Any]]:
        return [FAILED] if request.url.params.get("at_position") == "7" else []

    sent = services({f"/v1/batches/{BATCH}/items": failed})
    assert CliRunner().invoke(app, ["batch", "retry", BATCH, "--all"]).exit_code == 1
    assert CliRunner().invoke(app, ["batch", "retry", BATCH, "--all", "--at-position", "7"]).exit_code == 0
    assert len(sent) == 1


@pytest.mark.parametrize("action", ["pause", "resume"])
@pytest.mark.parametrize("status", ["completed", "cancelled"])
def test_what_has_ended_cannot_be_paused_or_resumed(services: Given, action: str, status: str) -> None:
    sent = services({f"/v1/batches/{BATCH}": {"status": status}})
    result = CliRunner().invoke(app, ["batch", action, BATCH])
    assert (result.exit_code, result.stdout, sent) == (1, "", [])
    assert f"{BATCH} is {status} already: there is nothing to {action}" in result.stderr


@pytest.mark.parametrize(("status", "had_ended"), [("completed", True), ("cancelled", False)])
def test_a_cancel_that_came_after_the_end_says_what_it_means(services: Given, status: str, had_ended: bool) -> None:
    sent = services({f"/v1/batches/{BATCH}": {"status": status, "final": True}})
    result = CliRunner().invoke(app, ["batch", "cancel", BATCH])
    assert (result.exit_code, len(sent)) == (0, 1)
    assert ("it had ended already; nothing of it can be retried any more" in result.stderr) is had_ended


@pytest.mark.parametrize(
    ("words", "code"),
    [([], 0), (["find_fax"], 0), (["-w", "crm_data"], 0), (["nope"], 1), (["find_fax", "-w", "apollo_scrape"], 1)],
)
def test_settings_of_a_workflow_that_is_there(services: Given, words: list[str], code: int) -> None:
    services({"/v1/workflows": [{"workflow": "find_fax", "workstream": "crm_data"}]})
    result = CliRunner().invoke(app, ["config", "get", CLIENT, *words])
    assert (result.exit_code, "nothing is set" in result.stderr) == (code, code == 0)


def test_a_second_step_is_refused_rather_than_passed_over(services: Given) -> None:
    sent = services({})
    result = CliRunner().invoke(app, ["batch", "retry", BATCH, "--step", "find_fax", "--step", "find_phone"])
    assert (result.exit_code, sent) == (2, [])
    assert "--step once" in result.stderr
