"""The first command of the README, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

DATA = Path(__file__).parent.parent / "data"
pytestmark = pytest.mark.timeout(270)


def demo(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--json", *arguments], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


KEYS = {
    "items", "leads", "companies", "people", "company_calls", "person_calls", "events", "failed", "seconds",
    "items_per_second", "verify",
}  # fmt: skip


def test_the_demo_on_generated_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    result = demo("--rows", "25")
    assert result.keys() >= KEYS
    assert (result["items"], result["leads"], result["failed"]) == (25, 25, 0)
    assert (result["companies"], result["company_calls"]) == (5, 5)
    assert (result["people"], result["person_calls"]) == (25, 25)
    assert result["verify"]["identical"] is True
    assert result["events"] > 25
    assert result["items_per_second"] == pytest.approx(25 / result["seconds"], rel=0.1)
    assert not list(tmp_path.iterdir()), "its folder is gone"
    left = [each.info["cmdline"] for each in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(each.info)]
    assert not left, "every server has ended"


def test_the_demo_of_the_readme():
    """The shipped sample: what the README's first command ends in."""
    result = demo()
    assert (result["items"], result["leads"], result["failed"]) == (200, 200, 0)
    assert (result["companies"], result["company_calls"]) == (60, 60)
    assert (result["people"], result["person_calls"]) == (200, 200)
    assert result["verify"]["identical"] is True


def test_the_demo_on_a_real_export():
    result = demo("--file", str(DATA / "apollo" / "contacts_49col_excel_resaved.csv"))
    assert result["items"] == result["leads"] > 0
    assert (result["failed"], result["failures"]) == (0, {})
    assert result["company_calls"] == result["companies"] <= result["items"]
    assert result["verify"]["identical"] is True


@pytest.mark.parametrize("content", ["{}", "Colour,Size\nred,4\n", "\0\0"], ids=["JSON", "no person", "binary"])
def test_a_file_that_cannot_be_used_is_refused_in_one_line_before_anything_starts(tmp_path: Path, content: str):
    (tmp_path / "list.csv").write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--file", "list.csv", "--keep", "kept"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "kept").exists()


def test_answers_that_cannot_be_used_are_refused_in_one_line_before_anything_starts(tmp_path: Path):
    (tmp_path / "company.json").write_text("{")
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--answers", str(tmp_path), "--keep", str(tmp_path / "kept")],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "--answers: company.json: unexpected end of data" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "kept").exists()
