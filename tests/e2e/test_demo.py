"""The first command of the README, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
pytestmark = pytest.mark.timeout(270)


def demo(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--json", *arguments], capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_demo_on_generated_people():
    result = demo("--rows", "25")
    assert (result["items"], result["leads"], result["failed"]) == (25, 25, 0)
    assert (result["companies"], result["company_calls"]) == (5, 5)
    assert (result["people"], result["person_calls"]) == (25, 25)
    assert result["verify"]["identical"] is True
    assert result["items_per_second"] > 0


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
