"""A dead letter that is named and is not there is refused; of a filter that finds none, none is settled."""

import httpx
import pytest
from typer.testing import CliRunner

from cli.addresses import Endpoint
from cli.api import Api
from cli.main import app

SHOWN = {
    "service": "sequencer", "position": 7, "event_type": "BatchLaunched", "status": "open", "tries": [], "event": {},
    "retry_at": None, "settled_at": None, "subject": "batch_1", "later": [{"position": 8, "type": "ItemAdded"}],
}  # fmt: skip
PLACES = {"ingest": Endpoint("ingest", "http://ingest")}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["retry", "projector", "99999"], 1, "projector has no open dead letter at position 99999; "),
        (["retry", "projector", "99999", "--json"], 1, "projector has no open dead letter at position 99999"),
        (["resolve", "projector", "7", "--reason", "gone"], 1, "projector has no open dead letter at position 7"),
        (["retry", "projector", "7", "--error", "x"], 1, "no open dead letter at position 7 that fits --error; "),
        (
            ["resolve", "projector", "7", "--reason", "gone", "--type", "ItemAdded", "--error", "x"],
            1,
            "no open dead letter at position 7 that fits --type and --error; ",
        ),
        (["retry", "nosuch", "5"], 2, "there is no service 'nosuch'"),
        (["retry", "nosuch"], 2, "there is no service 'nosuch'"),
        (["show", "nosuch", "5"], 2, "there is no service 'nosuch'"),
        (["list", "--service", "nosuch"], 2, "there is no service 'nosuch'"),
        (["retry", "--type", "Nosuch"], 2, "there is no event 'Nosuch'; there are AnswerReused, "),
        (["list", "--type", ""], 2, "there is no event ''"),
        (["retry", "projector"], 0, "0 taken again"),
        (["retry", "--all"], 0, "0 taken again"),
    ],
)
def test_what_is_not_there_is_not_settled(
    words: list[str], code: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"settled": 0, "letters": [], "position": None}))
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(PLACES, transport=transport, sleep=lambda _: None))
    done = CliRunner().invoke(app, ["dead-letters", *words])
    assert done.exit_code == code
    assert says in done.output


@pytest.mark.parametrize(("count", "says"), [(1, "#8 ItemAdded\n"), (200, "#8 ItemAdded, and at least 199 more\n")])
def test_what_waits_behind_one_is_named_as_far_as_it_is_told(
    count: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=SHOWN | {"later_count": count}))
    monkeypatch.setattr("cli.api.open_api", lambda _=None: Api(PLACES, transport=transport, sleep=lambda _: None))
    assert f"later about batch_1: {says}" in CliRunner().invoke(app, ["dead-letters", "show", "sequencer", "7"]).output
