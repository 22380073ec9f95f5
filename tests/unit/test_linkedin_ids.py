"""LinkedIn's ids in files tell companies and people where no column of links does."""

import pytest

from services.ingest.columns.mapping import Choices, HeaderMapping, map_headers, row_fields
from shared.entities import Entity, resolve
from tests.unit.columns import CRM, SALESNAV, SCRAPE


def of_company(header: str, cell: str, *more: str) -> tuple[HeaderMapping, Entity | None]:
    """The mapping of people with one cell about their company's page, and their company."""
    headers, cells = ["First Name", "Last Name", "Company", header, *more[:1]], ["Ann", "Ash", "Acme", cell, *more[1:]]
    found = map_headers(SCRAPE, headers, [cells] * 3)
    return found, resolve("company", "client_1", "item_1", row_fields(found, cells))


@pytest.mark.parametrize("header", [
    "company_linkedin_uid", "organization/linkedin_uid", "organization_linkedin_uid", "LinkedIn Company ID",
    "Company LinkedIn ID", "mainCompanyID", "job_company_linkedin_id", "LinkedIn-Unternehmens-ID",
])  # fmt: skip
@pytest.mark.parametrize("cell", ["1441", "1441.0", "https://www.linkedin.com/company/1441/"])
def test_an_id_of_a_company_is_its_page(header: str, cell: str) -> None:
    found, company = of_company(header, cell)
    assert found.targets["company_linkedin_url"].header == header
    assert (company and company.basis, company and company.key) == ("linkedin", "linkedin.com/company/1441")
    assert found.warnings == []


@pytest.mark.parametrize("links", ["Company LinkedIn", "Company URL", "Link", "Sales Navigator Company URL"])
def test_a_link_is_before_an_id(links: str) -> None:
    found, company = of_company("LinkedIn Company ID", "1441", links, "linkedin.com/company/acme")
    assert found.targets["company_linkedin_url"].header == links
    assert (company and company.key, found.unmapped) == ("linkedin.com/company/acme", ["LinkedIn Company ID"])
    assert found.warnings == []


@pytest.mark.parametrize("header", ["Company ID", "Company Followers", "Associated Company IDs", "Company LinkedIn"])
def test_no_other_number_is_a_page(header: str) -> None:
    found, company = of_company(header, "1441")
    assert "company_linkedin_url" not in found.targets
    assert company is not None
    assert company.basis == "name"


@pytest.mark.parametrize("cell", ["0", "-1", "acme", "12345678901"])
def test_what_is_no_id_tells_nothing(cell: str) -> None:
    found = map_headers(SCRAPE, ["Company", "Company LinkedIn ID"], [["Acme", "1441"]] * 3)
    fields = row_fields(found, ["Acme", cell])
    company = resolve("company", "client_1", "item_1", fields)
    assert company is not None
    assert (company.basis, fields["company_linkedin_url"]) == ("name", cell)


def test_an_id_of_a_company_is_no_person_s() -> None:
    headers, cells = ["Full Name", "Company - LinkedIn Profile URN"], ["Ann Ash", "urn:li:fs_salesProfile:ACwAAA1"]
    found = map_headers(SALESNAV, headers, [cells])
    assert found.targets.keys() == {"full_name"}


def test_an_id_that_a_person_chooses_counts_under_any_name_of_an_id() -> None:
    found = map_headers(CRM, ["Company", "Firm Id"], [], Choices(chosen={"company_linkedin_url": "Firm Id"}))
    assert row_fields(found, ["Acme", "1441"])["company_linkedin_url"] == "linkedin.com/company/1441"


def test_koolkit_s_urns_tell_both_where_it_wrote_no_links() -> None:
    urns = ["urn:li:fs_salesProfile:(ACwAAAalhSJUVdG0BcoL,NAME,x)", "urn:li:fs_salesCompany:1441"]
    headers = ["First name", "Last name", "Company", "LinkedIn user profile URN", "Linkedin company profile URN"]
    cells = ["Ann", "Ash", "Acme", *urns]
    fields = row_fields(map_headers(SALESNAV, headers, [cells] * 3), cells)
    company, person = (resolve(scope, "client_1", "item_1", fields) for scope in ("company", "person"))
    assert [entity and entity.key for entity in (company, person)] == [
        "linkedin.com/company/1441", "linkedin.com/sales/lead/ACwAAAalhSJUVdG0BcoL"
    ]  # fmt: skip
    links = ["LinkedIn URL (user profile)", "LinkedIn URL (company)"]
    both = map_headers(SALESNAV, [*headers, *links], [[*cells, "linkedin.com/in/ann", "linkedin.com/company/acme"]] * 3)
    assert both.unmapped == headers[3:]
