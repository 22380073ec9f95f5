"""Wrong usage: what cannot be meant is told before anybody is asked, with exit code 2."""

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app
from shared.runtime.settings import SERVICES

CLIENT = "client_00000000000000000000000001"
BATCH = "batch_00000000000000000000000001"
IMPORT = "import_00000000000000000000000001"
ITEM = "item_00000000000000000000000001"
# What may come of a variable that is not set: it must not mean all there is.
EMPTY = [("--batch", ""), ("--client", " "), ("--known", ","), ("--unknown", ""), ("--search", "")]


@pytest.mark.parametrize(
    "arguments",
    [
        ("launch", IMPORT),
        ("launch", IMPORT, "-p", "full", "-s", "step"),
        ("launch", IMPORT, "-s", "step", "--rows", "x"),
        ("launch", IMPORT, "-s", "step", "--use", "other=second"),
        ("launch", IMPORT, "-p", "full", "--unless", "step=email"),
        ("batch", "retry", BATCH),
        ("repair", "--json"),
        ("dispatches", "--missing", "--status", "SENT"),
        ("demo", "--file", __file__, "--rows", "5"),
        *(("leads", "export", "-o", f"leads.{ending}") for ending in ("json", "XLS", "tsv", "doc")),
        *(("leads", "export", "-f", "jsonl", "-o", f"leads.{ending}") for ending in ("csv", "XLSX")),
        *(("leads", "export", "--columns", columns) for columns in ("", " ,")),
        ("leads", "push", "http://hook", "--all", "--columns", ""),
        *(("leads", "list", option, "batch_id=1") for option in ("--where", "--min", "--max")),
        ("client", "budget", CLIENT),
        ("client", "budget", CLIENT, "--max-credits", "5", "--unlimited"),
        ("batch", "skip", BATCH, "--reason", "why not"),
        ("pipeline", "save", "A", "full", "step", "--unless", "step"),
        ("launch", "nonsense", "-s", "step"),
        ("status", "nonsense"),
        ("items", BATCH, "--status", "lost"),
        ("pushes", "list", "--status", "lost"),
        ("dispatches", "--status", "lost"),
        *(("leads", command, *words) for command in ("export", "list", "facets") for words in EMPTY),
        *(("leads", "push", "http://hook", "--all", *words) for words in EMPTY),
        *(("people", *words, "--client", "") for words in (("customers",), ("moved", "a", "b"), ("worked-at", "a"))),
        ("answers", "unread", "--client", ""),
        ("customers", "remove", CLIENT, "--name", "Acme", "--upload", ""),
        ("customers", "remove", CLIENT, "--domain", ""),
        ("dead-letters", "list", "--batch", ""),
        *(("dead-letters", "retry", "ingest", option, "") for option in ("--batch", "--item", "--error")),
        ("dispatches", "--batch", ""),
        ("launch", IMPORT, "--step", "enrich", "--pipeline", ""),
        ("preview", __file__, "--client", ""),
        ("status", "", "--watch"),
        ("uploads", ""),
        *(("history", text) for text in ("", "nonsense", "disp_00000000000000000000000001", "a/b")),
        ("leads", "show", ""),
        ("leads", "push", "http://hook"),
        ("people", "jobs", ITEM),
        ("answers", "show", ""),
        ("answers", "read", ITEM),
        ("launch", IMPORT, "--step", "x"),
        ("batch", "retry", BATCH, "--code", "NOPE"),
        ("batch", "retry", BATCH, "--step", "Enrich"),
        ("pipeline", "save", CLIENT, "full", "good_step", "a-b"),
        *(("workflow", command, slug) for command in ("show", "retire", "register") for slug in ("", "a/b")),
        ("workflow", "show", "enrich_email", "-w", ""),
        *(("config", command, CLIENT, "..") for command in ("set", "remove")),
        ("dead-letters", "retry"),
        ("dead-letters", "resolve", "dispatcher", "12"),
        ("dead-letters", "resolve", "--reason", "none was named"),
        ("upload", "no-such-file.csv", "--client", "A"),
        ("nonsense",),
    ],
)
def test_wrong_usage_asks_no_service(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    def asked(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.url} was asked")

    places = {name: Endpoint(name, f"http://{name}") for name in SERVICES}
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(places, transport=httpx.MockTransport(asked)))
    assert CliRunner().invoke(app, arguments).exit_code == 2
