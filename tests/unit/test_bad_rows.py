"""Bad rows as CSV: the reason first, cells that a spreadsheet cannot run, and the same file read again."""

import csv
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.bad_rows import as_csv
from services.ingest.files.reading import REASON, Limits, open_table
from services.ingest.preview import preview
from shared.spreadsheet import harmless


def written(file: Path, content: str) -> list[list[str]]:
    file.write_text(content, encoding="utf-8", newline="")
    mapped = {"first_name": "First Name", "last_name": "Last Name"}
    return list(csv.reader(as_csv(file, "apollo_scrape", mapped, Limits())))


def test_reasons_stand_before_the_cells_as_they_were(tmp_path: Path) -> None:
    lines = written(
        tmp_path / "list.csv",
        'First Name;Last Name;Note\nAnn;Ash;x\n;;"a;\nb"\nFirst Name;Last Name;Note\nBob;Birch;=2+3;y\n\nTotal;;2\n',
    )
    assert lines[0] == [REASON, "First Name", "Last Name", "Note"]
    assert [line[1:] for line in lines[1:]] == [
        ["", "", "a;\nb"],
        ["First Name", "Last Name", "Note"],
        ["Bob", "Birch", "'=2+3", "y"],
    ]
    assert [line[0].split(".")[0].split(";")[0] for line in lines[1:]] == [
        "The row needs 'First Name' with 'Last Name'",
        "The row repeats the header",
        "The row has 4 cells and the header 3 columns",
    ]


def test_the_reasons_are_left_out_when_the_file_comes_back(tmp_path: Path) -> None:
    lines = written(tmp_path / "list.csv", "First Name,Last Name\nAnn,Ash\n,\n,Birch\nCy,Cedar,x\n")
    with (tmp_path / "bad.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines)
    with open_table(tmp_path / "bad.csv") as table:
        rows = list(table.rows())
    assert table.headers == ("First Name", "Last Name")
    assert [row.cells for row in rows] == [["", "Birch"], ["Cy", "Cedar", "x"]]
    assert [row.bad is None for row in rows] == [True, False]


def test_a_good_row_is_not_listed_where_two_headers_are_equal(tmp_path: Path) -> None:
    lines = written(tmp_path / "list.csv", "First Name,Last Name,Last Name\nAnn,,Ash\nBob,,\n")
    assert [line[1] for line in lines[1:]] == ["Bob"]


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(text).removeprefix("'") == text.removeprefix("'")
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_row_that_names_a_company_and_nobody_says_what_it_has(tmp_path: Path) -> None:
    content = "First Name,Last Name,Title,Company Name\nAnn,Ash,CEO,Acme\n,,VP Sales,Birch Inc\n,,CFO,\n"
    needs = "The row needs 'First Name' with 'Last Name'; it has"
    wanted = [f"{needs} only 'Company Name': a company and no person.", f"{needs} none of them."]
    (tmp_path / "people.csv").write_text(content)
    assert [bad["reason"] for bad in preview(tmp_path / "people.csv", "apollo_scrape", Limits())["bad_rows"]] == wanted
    mapped = {"first_name": "First Name", "last_name": "Last Name", "company_name": "Company Name"}
    lines = csv.reader(as_csv(tmp_path / "people.csv", "apollo_scrape", mapped, Limits()))
    assert [line[0] for line in lines][1:] == wanted


def test_with_the_columns_of_companies_only_such_rows_are_companies(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(f"{REASON},Company Name,Website\nThe row needs ...,Birch Inc,birch.example\n")
    seen = preview(tmp_path / "bad.csv", "apollo_scrape", Limits())
    assert (seen["rows"], seen["bad_rows"]) == (1, [])
    assert seen["mapping"].keys() == {"company_name", "company_domain", "company_website"}
