"""`leadstream preview` as a person and a program run it: without any server."""

import json
import os
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

DATA = Path(__file__).parents[1] / "data"


def run(*arguments: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, ["preview", *arguments])
    return found.exit_code, found.stdout, found.stderr


def test_json_for_programs() -> None:
    code, out, _ = run(str(DATA / "crm/hubspot_companies_en.csv"), "--workstream", "crm_data", "--json")
    seen = json.loads(out)
    assert (code, seen["rows"], seen["workstream"]) == (0, 16, "crm_data")
    assert seen["mapping"]["company_domain"]["header"] == "Company Domain Name"


def test_words_for_people() -> None:
    code, out, err = run(str(DATA / "apollo/contacts_49col_excel_resaved.csv"), "--map", "notes=Lists")
    assert code == 0
    assert "workstream: apollo_scrape (only its files have 'Company Name for Emails'" in out
    assert "Lists\tnotes\t1.0\tchosen by you" in out
    assert "kept, but not mapped: Company Name for Emails" in out
    assert "are they mobiles?" in err


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "list.csv")
    content = (DATA / "crm/hubspot_companies_en.csv").read_bytes()
    writer = threading.Thread(target=(tmp_path / "list.csv").write_bytes, args=(content,), daemon=True)
    writer.start()
    code, out, _ = run(str(tmp_path / "list.csv"))
    writer.join()
    assert (code, "workstream: crm_data" in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--workstream", "nothing"], 1, "there are: apollo_scrape"),
        (["--map", "notes=Gone"], 1, "The file has no column 'Gone' for notes"),
        (["--map", "notes"], 2, "--map takes FIELD=HEADER"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(arguments: list[str], code: int, says: str) -> None:
    found, _, err = run(str(DATA / "crm/hubspot_companies_en.csv"), *arguments)
    assert found == code
    assert says in err
    assert err.count("\n") == 1
