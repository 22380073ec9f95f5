"""What is written on the command line or beside it, read: rows, settings, steps, addresses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.addresses import Endpoint, endpoints
from cli.api import Api
from cli.errors import Misused, Refused
from cli.lead_conditions import Conditions
from cli.pairs import pairs
from cli.row_ranges import parse_rows
from cli.settings import assignments, from_file, lists, merged
from cli.steps import steps_with


@pytest.mark.parametrize(
    ("text", "rows"),
    [("1,2,5-9", [1, 2, 5, 6, 7, 8, 9]), ("3", [3]), (" 4 - 5 , 1,", [1, 4, 5]), ("2,1-3", [1, 2, 3])],
)
def test_rows(text: str, rows: list[int]) -> None:
    assert parse_rows(text) == rows


@pytest.mark.parametrize("text", ["", ",", "0", "5-3", "a", "1-", "-2", "1-999999999"])
def test_rows_that_make_no_sense(text: str) -> None:
    with pytest.raises(Misused, match="--rows"):
        parse_rows(text)


def test_settings_are_merged(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"timeout_seconds": 5, "auth": "a"}')
    given = assignments(["timeout_seconds=600", "url=https://x/?a=b", "force=true", "name=NaN"])
    config = merged({"kept": 1, "gone": 2}, from_file(file), given, without=["gone"])
    assert config == {
        "kept": 1, "auth": "a", "timeout_seconds": 600, "url": "https://x/?a=b", "force": True, "name": "NaN",
    }  # fmt: skip


def test_a_setting_is_taken_away_by_the_name_it_was_given_by() -> None:
    current = {"callback_secret_sha256": "ab", "credits": 2}
    assert merged(current, without=["callback_secret"]) == {"credits": 2}
    assert merged(current, {"callback_secret": "new"}, without=["callback_secret"]) == {"credits": 2}
    assert merged(current, without=["callback_secret_sha256", "credits"]) == {}
    with pytest.raises(Refused, match="timeout is not set; there are callback_secret_sha256, credits"):
        merged(current, without=["timeout"])


def test_settings_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("[1]")
    with pytest.raises(Misused, match="no JSON object"):
        from_file(file)


def test_steps_have_their_options() -> None:
    assert steps_with(["a", "b"], ["b=second table"], ["a=email, title"]) == [
        {"workflow": "a", "unless": ["email", "title"]},
        {"workflow": "b", "configuration": "second table"},
    ]


def test_a_pair_keeps_what_its_value_says() -> None:
    assert list(pairs("--set", [" a =b = c", "d="], "KEY=VALUE")) == [("a", "b = c"), ("d", "")]
    assert lists("--sets", ["phone= one, two,", "mail=three"]) == {"phone": ["one", "two"], "mail": ["three"]}


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: assignments(["novalue"]), r"--set 'novalue': write KEY=VALUE, for example --set timeout_seconds=600"),
        (lambda: assignments([" =1"]), "--set ' =1': write KEY=VALUE"),
        (lambda: lists("--sets", ["phone=,"]), "--sets 'phone=,': write KEY=VALUE or KEY=VALUE,VALUE"),
        (lambda: steps_with(["a"], ["a="]), "--use 'a=': write STEP=VALUE"),
        (lambda: steps_with(["a"], None, ["a= ,"]), "--unless 'a= ,': write STEP=VALUE"),
        (lambda: steps_with(["a"], ["b=c"]), "--use b=...: b is no step here; the steps are: a"),
        (lambda: Conditions(where=["a"]).query(Api({})), "--where 'a': write COLUMN=VALUE"),
        (lambda: Conditions(least=["=1"]).query(Api({})), "--min '=1': write COLUMN=VALUE"),
    ],
)
def test_what_is_no_pair_is_misused(read: Callable[[], Any], says: str) -> None:
    with pytest.raises(Misused, match=says):
        read()


def test_an_address_comes_from_the_environment_then_the_file_then_the_default(tmp_path: Path) -> None:
    content = {"urls": {"ingest": "http://a:1", "sequencer": "http://b:2/"}, "token": "of file"}
    (tmp_path / "runtime.json").write_text(json.dumps(content))
    found = endpoints({"LEADSTREAM_DATA": str(tmp_path), "LEADSTREAM_INGEST_URL": "http://far:9"})
    assert found["ingest"] == Endpoint("ingest", "http://far:9", None)
    assert found["sequencer"] == Endpoint("sequencer", "http://b:2", "of file")
    assert found["projector"] == Endpoint("projector", "http://127.0.0.1:8105", None)
    assert found["ingest"].source == "that of LEADSTREAM_INGEST_URL"
    assert found["sequencer"].source == f"that of {tmp_path / 'runtime.json'}"
    assert "the default one" in found["projector"].source
    own = endpoints({"LEADSTREAM_DATA": str(tmp_path), "LEADSTREAM_API_TOKEN": "own"})
    assert {place.token for place in own.values()} == {"own"}


@pytest.mark.parametrize(("written", "token"), [(" own\n", "own"), (" ", None), ("o w n", "o w n")])
def test_a_token_is_what_stands_between_spaces(tmp_path: Path, written: str, token: str | None) -> None:
    (tmp_path / "runtime.json").write_text(json.dumps({"urls": {"ingest": "http://a:1"}, "token": written}))
    assert endpoints({"LEADSTREAM_DATA": str(tmp_path)})["ingest"].token == token
    assert endpoints({"LEADSTREAM_API_TOKEN": written})["ingest"].token == token


@pytest.mark.parametrize("token", ["hunter2é", "hunter2\udcff", "hunter2\n2", "hunter2\t2"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(tmp_path: Path, token: str) -> None:
    (tmp_path / "runtime.json").write_text(json.dumps({"urls": {"ingest": "http://a:1"}, "token": token}))
    for environ in ({"LEADSTREAM_DATA": str(tmp_path)}, {"LEADSTREAM_API_TOKEN": token}):
        with pytest.raises(Refused, match="cannot be sent") as refused:
            endpoints(environ)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["ingest:8101", "ftp://x", "http://", "http://x:99999", "http://x:y", "http://[::1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="set LEADSTREAM_INGEST_URL to http://HOST:PORT"):
        endpoints({"LEADSTREAM_INGEST_URL": url})


@pytest.mark.parametrize("content", ["{", "[]", '{"urls": 1}', '{"urls": {"ingest": "ftp://x"}}'])
def test_a_damaged_runtime_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "runtime.json").write_text(content)
    with pytest.raises(Refused):
        endpoints({"LEADSTREAM_DATA": str(tmp_path)})
