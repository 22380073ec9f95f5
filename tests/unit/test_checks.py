"""What `leadstream verify` says of log and stream."""

from typing import Any

import pytest

from cli.checks import say_log

WHOLE: dict[str, Any] = {"intact": True, "damaged": 0, "damages": []}
STREAM: dict[str, Any] = {
    "identical": True, "messages": 431, "log": 431, "more": 0, "damaged": 0, "damages": [],
}  # fmt: skip
GONE = {"side": "stream", "first": 3, "last": 4, "reason": "the message is gone"}


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (STREAM, "431 of 431 events copied  identical"),
        (STREAM | {"identical": False, "log": 400, "more": 31},
         "431 of 400 events copied  31 events more than the log: `leadstream repair` takes them back"),
        (STREAM | {"identical": False, "damaged": 2, "damages": [GONE]},
         "431 of 431 events copied  2 messages damaged"),
    ],
)  # fmt: skip
def test_what_is_said_of_the_stream(stream: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    say_log({"log": WHOLE, "stream": stream})
    assert said in capsys.readouterr().out.splitlines()[1]
