"""What rebuild, reproject and verify say of folds that were stopped, refused or cut short."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.commands.doctor import _verified
from cli.folding import Folds, Progress
from cli.main import app
from cli.servers import Servers
from shared.runtime.definition import OtherShape
from shared.runtime.integrity import Damage, Findings, Side
from shared.runtime.projection import Verdict
from shared.runtime.refusals import Impossible
from shared.runtime.settings import SERVICES
from shared.runtime.stream_comparison import StreamVerdict
from shared.runtime.table_comparison import LISTED

URL = "postgresql://postgres@127.0.0.1:1/leadstream"
GOES_ON = "goes on from where it was\n"
SAME = f"the same command {GOES_ON}"
LEFT, LAST = ", ".join(SERVICES[3:]), SERVICES[4]


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADSTREAM_ADMIN_DATABASE_URL", URL)
    monkeypatch.delenv("LEADSTREAM_NATS_URL", raising=False)


def folded(monkeypatch: pytest.MonkeyPatch, done: int, error: BaseException) -> None:
    """So many services are folded, and then comes the error."""

    async def fold(*_: Any, folds: Folds, **__: Any) -> None:
        folds.verdicts.update({name: Verdict(name, 7, 7, name, True, undoable=True) for name in SERVICES[:done]})
        raise error

    monkeypatch.setattr("cli.rebuilding.fold_all", fold)


@pytest.mark.parametrize(
    ("done", "options", "beside"),
    [
        (0, "", f"leadstream: stopped; nothing was changed, and {SAME}"),
        (3, "", f"leadstream: stopped; of {LEFT} nothing was changed, and `leadstream rebuild SERVICE` {GOES_ON}"),
        (4, "", f"leadstream: stopped; of {LAST} nothing was changed, and `leadstream rebuild {LAST}` {GOES_ON}"),
        (5, "", ""),
        (0, "--undo", f"leadstream: stopped; nothing was changed, and {SAME}"),
        (4, "--undo", f"leadstream: stopped; of {LAST} nothing was changed, and `leadstream rebuild {LAST} --undo` "),
        (0, "--to 7", f"leadstream: stopped; nothing was changed, and {SAME}"),
        (4, "--to 7 --into look", f"leadstream: stopped; of {LAST} nothing was changed, and {SAME}"),
    ],
)
def test_a_rebuild_that_is_stopped_says_what_is_done(
    monkeypatch: pytest.MonkeyPatch, done: int, options: str, beside: str
) -> None:
    folded(monkeypatch, done, KeyboardInterrupt())
    result = CliRunner().invoke(app, ["rebuild", *options.split()])
    assert (result.exit_code, beside in result.stderr) == (1 if beside else 0, True)
    assert [name for name in SERVICES if f"  {name}" in result.stdout] == list(SERVICES[:done])
    swapped = f"swapped in; the tables of {', '.join(SERVICES[:done])} as"
    assert (swapped in result.stdout) == (done > 0 and not options)


def test_a_rebuild_whose_server_went_away_says_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    folded(monkeypatch, 2, ConnectionResetError("gone"))
    result = CliRunner().invoke(app, ["rebuild"])
    assert (result.exit_code, result.stderr.startswith("leadstream: a server cannot be used: gone")) == (3, True)
    assert f"swapped in; the tables of {', '.join(SERVICES[:2])} as" in result.stdout


@pytest.mark.parametrize(
    ("done", "says"),
    [({}, "nothing was changed, and the same command"), ({"projector": Verdict("projector", 1, 1)}, "all leads were")],
)
def test_a_reprojection_that_is_stopped_says_whether_it_was_done(
    monkeypatch: pytest.MonkeyPatch, done: dict[str, Verdict], says: str
) -> None:
    async def made_anew(_: str, folds: Folds, show: bool) -> None:
        folds.verdicts.update(done)
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.commands.reproject._made_anew", made_anew)
    result = CliRunner().invoke(app, ["reproject"])
    assert (result.exit_code, result.stderr.startswith(f"leadstream: stopped; {says}")) == (1, True)


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([{"ingest": None, "projector": None}, {"ingest": 50, "projector": 50}], " 50% folded  5 events/s  10 s left"),
        ([{"ingest": 60, "projector": 80}, {"ingest": 80, "projector": 100}], " 90% folded  2 events/s  5 s left"),
        ([{"ingest": 90, "projector": 0}, {"ingest": 0, "projector": 20}], " 10% folded  1 events/s  90 s left"),
        ([{"ingest": 0, "projector": 0}, {"ingest": 90, "projector": 70}, {"ingest": None, "projector": 110}],
         " 95% folded  10 events/s  1 s left"),
        ([{"ingest": 100, "projector": 100}], "100% folded  0 events/s  "),
    ],
    ids=["from the beginning", "gone on with", "begun anew", "swapped away", "at its end"],
)  # fmt: skip
def test_how_far_the_folds_are_is_reckoned_from_where_they_began(looks: list[dict[str, int | None]], said: str) -> None:
    progress = Progress(100)
    for look in looks:
        for service, position in look.items():
            progress.note(service, position)
    assert progress.line(9.999) == said


@pytest.mark.parametrize(("options", "upto"), [(["--to", "5"], 5), ([], None)])
def test_a_look_ends_at_its_position(monkeypatch: pytest.MonkeyPatch, options: list[str], upto: int | None) -> None:
    ends = []

    async def fold(*_: Any, upto: int | None = None, **__: Any) -> list[Verdict]:
        ends.append(upto)
        return [Verdict("ingest", 5, 5, "ingest_at_5")]

    monkeypatch.setattr("cli.rebuilding.fold_all", fold)
    assert CliRunner().invoke(app, ["rebuild", "ingest", *options]).exit_code == 0
    assert ends == [upto]


def refusing(monkeypatch: pytest.MonkeyPatch, refused: dict[str, Impossible], *verdicts: Verdict) -> None:
    """All services are folded but these, with these verdicts or without a difference; the log is intact."""

    async def fold(*_: Any, folds: Folds, **__: Any) -> None:
        folds.verdicts.update({name: Verdict(name, 7, 7, None, True) for name in SERVICES if name not in refused})
        folds.verdicts.update({verdict.service: verdict for verdict in verdicts})
        folds.refused.update(refused)
        for error in refused.values():
            raise error

    async def copies(*_: Any) -> tuple[Findings, None]:
        return Findings(), None

    monkeypatch.setattr("cli.checks.fold_all", fold)
    monkeypatch.setattr("cli.checks._check_copies", copies)


def test_what_verify_could_not_compare_is_said_beside_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, {"ingest": Impossible("ingest has no tables yet")})
    result = CliRunner().invoke(app, ["verify"])
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert lines == [
        "ingest not compared: ingest has no tables yet",
        *(f"{name} 7 events 0 rows identical" for name in SERVICES[1:]),
        "log intact",
    ]


OTHER = {"ingest": OtherShape("ingest", "leadstream rebuild ingest")}


@pytest.mark.parametrize(
    ("refused", "different", "found"),
    [
        ({}, {}, []),
        (OTHER, {}, ["not_verified"]),
        ({}, {"different_rows": 1}, ["verify_differs"]),
        (OTHER, {"different_rows": 1}, ["not_verified", "verify_differs"]),
        (OTHER, {"ahead": 1}, ["not_verified", "verify_differs"]),
        (OTHER, {"failures": {3: "no"}}, ["not_verified", "verify_differs"]),
    ],
)
async def test_what_doctor_could_not_compare_hides_no_difference(
    monkeypatch: pytest.MonkeyPatch, refused: dict[str, Impossible], different: dict[str, Any], found: list[str]
) -> None:
    refusing(monkeypatch, refused, Verdict("projector", 7, 7, None, True, **different))
    findings = await _verified(Servers(URL, None, None))
    assert [finding.code for finding in findings] == found
    assert [finding.code for finding in findings if "run `leadstream rebuild ingest`" in finding.text] == [
        code for code in found if code == "not_verified"
    ]


@pytest.mark.parametrize("side", ["log", "stream"])
async def test_what_doctor_could_not_compare_hides_no_damage(monkeypatch: pytest.MonkeyPatch, side: Side) -> None:
    found, stream = Findings(), StreamVerdict(7, 7, 7)
    (found if side == "log" else stream.findings).add(Damage(side, 3, 3, "gone"))

    async def copies(*_: Any) -> tuple[Findings, StreamVerdict]:
        return found, stream

    refusing(monkeypatch, OTHER)
    monkeypatch.setattr("cli.checks._check_copies", copies)
    assert [each.code for each in await _verified(Servers(URL, None, None))] == ["not_verified", "verify_differs"]


@pytest.mark.parametrize(("options", "listed"), [([], None), (["--json"], LISTED)])
def test_verify_says_how_many_more_rows_differ(
    monkeypatch: pytest.MonkeyPatch, options: list[str], listed: int | None
) -> None:
    asked = []

    async def fold(*_: Any, arguments: dict[str, tuple[int, ...]], folds: Folds, **__: Any) -> None:
        asked.append(arguments["ingest"])
        found = {"differences": [], "different_rows": 1_043, "not_listed": {"row": 1_033, "upload": 10}}
        folds.verdicts["ingest"] = Verdict("ingest", 7, 7, None, True, **found)

    refusing(monkeypatch, {})
    monkeypatch.setattr("cli.checks.fold_all", fold)
    result = CliRunner().invoke(app, ["verify", *options])
    assert (result.exit_code, asked) == (1, [(listed,) if listed else ()])
    if options:
        assert json.loads(result.stdout)["services"]["ingest"]["not_listed"] == {"row": 1_033, "upload": 10}
    else:
        assert "      ... and 1,033 more of row, 10 more of upload: --json lists them\n" in result.stdout
