"""The first command of the README, as a person runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).parent.parent / "data"
LISTS = [*sorted((DATA / "apollo").glob("*.csv")), DATA / "crm" / "salesforce_contacts_report.csv"]


def demo(*arguments: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--json", *arguments], capture_output=True, text=True, timeout=110
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


@pytest.mark.parametrize("file", LISTS, ids=lambda file: file.name)
def test_the_demo_on_a_real_export(file: Path):
    result = demo("--file", str(file))
    assert result["items"] == result["leads"] > 0
    assert (result["failed"], result["failures"]) == (0, {})
    assert result["company_calls"] == result["companies"] <= result["items"]
    assert result["verify"]["identical"] is True


def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path):
    (tmp_path / "list.csv").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "demo", "--file", str(tmp_path / "list.csv")],
        capture_output=True, text=True, timeout=110,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
