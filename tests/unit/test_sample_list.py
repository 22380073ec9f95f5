"""Made-up lists look like an Apollo export, at any length, and repeat."""

import csv
from pathlib import Path

from simulator.sample_list import COLUMNS, write_list


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_header_is_that_of_the_contacts_export(tmp_path: Path) -> None:
    write_list(tmp_path / "list.csv", 1)
    assert tuple(read(tmp_path / "list.csv")[0]) == COLUMNS
    assert len(set(COLUMNS)) == 63
    assert COLUMNS[:4] == ("First Name", "Last Name", "Title", "Company Name")


def test_people_and_companies_are_distinct_and_five_to_one(tmp_path: Path) -> None:
    write_list(tmp_path / "list.csv", 2000)
    people = read(tmp_path / "list.csv")
    for column, distinct in (
        ("Person Linkedin Url", 2000),
        ("Email", 2000),
        ("Apollo Contact Id", 2000),
        ("Website", 400),
        ("Company Name for Emails", 400),
        ("Company Linkedin Url", 400),
    ):
        assert len({person[column] for person in people}) == distinct
    assert people[0]["Website"] == "http://www.brightforge-0.example"


def test_some_emails_are_at_another_domain_than_the_company(tmp_path: Path) -> None:
    write_list(tmp_path / "list.csv", 2000)
    people = read(tmp_path / "list.csv")
    elsewhere = [p for p in people if p["Email"].split("@")[1] != p["Website"].removeprefix("http://www.")]
    assert 240 < len(elsewhere) < 360


def test_the_last_company_may_have_fewer_people_and_a_list_may_be_empty(tmp_path: Path) -> None:
    write_list(tmp_path / "list.csv", 7, people_per_company=3)
    assert len({person["Website"] for person in read(tmp_path / "list.csv")}) == 3
    write_list(tmp_path / "list.csv", 0)
    assert read(tmp_path / "list.csv") == []


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_list(tmp_path / name, 50, seed=seed)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]
