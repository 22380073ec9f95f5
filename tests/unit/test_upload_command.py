"""`leadstream upload` as ingest hears it: of which workstream a file is, and all of what it holds."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app

CLIENT = "client_00000000000000000000000001"
UPLOAD = "import_00000000000000000000000001"
DATA = Path(__file__).parents[1] / "data"
UNTOLD = {
    "two": ("Customer Name,Record ID,Company\nAcme,1,Acme\n", "This could be customer_companies"),
    "none": ("Colour,Size\nred,4\n", "No workstream can take these rows as they are; say which with --workstream"),
}
Uploaded = Callable[..., Result]
Sent = list[tuple[str, str, bytes]]


@pytest.fixture
def sent() -> Sent:
    """The workstream, name and content of each file that ingest was sent."""
    return []


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch, sent: Sent) -> Uploaded:
    """Runs the command; ingest takes everything."""

    def ingest(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"status": "ready"})
        told = request.url.params
        sent.append((told["workstream"], told["filename"], request.read()))
        answer: dict[str, Any] = {name: [] for name in ("unmapped", "bad_rows", "warnings", "sample")}
        answer |= {"upload_id": UPLOAD, "workstream": told["workstream"], "rows": 1, "mapping": {}, "bad_row_count": 0}
        return httpx.Response(201, json=answer | {"duplicate": False, "position": 1})

    places = {"ingest": Endpoint("ingest", "http://ingest")}
    monkeypatch.setattr("cli.api.open_api", lambda: Api(places, transport=httpx.MockTransport(ingest)))
    return lambda file, *options: CliRunner().invoke(app, ["upload", str(file), "--client", CLIENT, *options])


@pytest.mark.parametrize(
    ("name", "workstream"),
    [
        ("apollo/contacts_52col.csv", "apollo_scrape"),
        ("crm/hubspot_companies_en.csv", "crm_data"),
        ("customers/customer_companies_a.csv", "customer_companies"),
        ("salesnav/koolkit_21col.tsv", "salesnav_koolkit"),
    ],
)
def test_a_file_goes_where_it_tells_unless_a_person_does(
    upload: Uploaded, sent: Sent, name: str, workstream: str
) -> None:
    assert upload(DATA / name).stdout.startswith(f"{UPLOAD}: 1 rows of {workstream}, 0 bad\n")
    assert json.loads(upload(DATA / name, "--json").stdout)["workstream"] == workstream
    assert upload(DATA / name, "-w", "crm_data").exit_code == 0
    assert [kind for kind, _, _ in sent] == [workstream, workstream, "crm_data"]


@pytest.mark.parametrize(("content", "says"), UNTOLD.values(), ids=UNTOLD)
def test_a_file_that_does_not_tell_is_refused_and_not_sent(
    upload: Uploaded, sent: Sent, tmp_path: Path, content: str, says: str
) -> None:
    (tmp_path / "list.csv").write_text(content)
    refused = upload(tmp_path / "list.csv")
    assert (refused.exit_code, sent, refused.stderr.count("\n")) == (1, [], 1)
    assert says in refused.stderr
    assert (upload(tmp_path / "list.csv", "-w", "crm_data").exit_code, len(sent)) == (0, 1)


@pytest.mark.parametrize("options", [(), ("-w", "crm_data")], ids=["by itself", "named"])
def test_a_pipe_is_sent_whole(upload: Uploaded, sent: Sent, tmp_path: Path, options: tuple[str, ...]) -> None:
    content = (DATA / "crm/hubspot_companies_en.csv").read_bytes()
    os.mkfifo(tmp_path / "list.csv")
    writer = threading.Thread(target=(tmp_path / "list.csv").write_bytes, args=(content,), daemon=True)
    writer.start()
    assert upload(tmp_path / "list.csv", *options).exit_code == 0
    writer.join()
    assert sent == [("crm_data", "list.csv", content)]
