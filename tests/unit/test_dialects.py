"""Tools whose files use common words for something else."""

import pytest

from services.ingest.columns.candidates import names_of
from services.ingest.columns.mapping import HeaderMapping, map_headers
from services.ingest.vocabulary import DIALECTS, Dialect
from services.ingest.vocabulary.field import ranked
from services.ingest.workstreams import Workstream, known_headers, workstream, workstreams

CRM = workstream("crm_data")


def mapped(*columns: str) -> HeaderMapping:
    """The mapping of columns given as `header: cell`."""
    headers, cells = zip(*(column.split(": ") for column in columns), strict=True)
    return map_headers(CRM, headers, [cells] * 3)


def targets(found: HeaderMapping) -> dict[str, str]:
    return {name: match.header for name, match in found.targets.items()}


def test_in_close_a_lead_is_a_company_with_contacts() -> None:
    found = mapped("lead_id: lead_1", "lead_name: Acme", "contact_name: Ann Ash", "description: makes anvils")
    assert targets(found) == {
        "company_name": "lead_name", "full_name": "contact_name", "company_description": "description"
    }  # fmt: skip
    assert (found.rows, found.warnings) == ("person", [])


def test_its_leads_without_contacts_are_companies() -> None:
    found = mapped("lead_id: lead_1", "display_name: Acme", "status_label: Potential", "url: http://acme.example")
    assert found.rows == "company"
    assert targets(found) == {"company_name": "display_name", "company_website": "url", "company_domain": "url"}


def test_elsewhere_a_lead_is_a_person() -> None:
    found = mapped("lead_id: 1", "lead_name: Ann Ash", "company: Acme", "email: ann@acme.example")
    assert targets(found) == {"full_name": "lead_name", "company_name": "company", "email": "email"}


def test_the_state_of_a_lead_is_no_place() -> None:
    found = mapped("firstName: Ann", "lastName: Ash", "state: interested", "region: Bayern", "connectedAt: 2025-01-02",
                   "prospectList: fair")  # fmt: skip
    assert targets(found)["person_state"] == "region"
    assert targets(mapped("firstName: Ann", "lastName: Ash", "state: Texas"))["person_state"] == "state"


def test_in_pipedrive_a_lead_has_a_title_of_its_own() -> None:
    found = mapped("Lead - Title: Acme, new site", "Lead - Label: hot", "Lead - Value: 500", "Person - Name: Ann Ash")
    assert targets(found) == {"full_name": "Person - Name"}
    assert targets(mapped("Lead - Title: CTO", "Person - Name: Ann Ash"))["title"] == "Lead - Title"


@pytest.mark.parametrize("known", workstreams().values(), ids=lambda known: known.slug)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.tool)
def test_every_workstream_can_be_said_in_every_dialect(dialect: Dialect, known: Workstream) -> None:
    said = known.as_written_in(header for _, header in ranked(dialect.marks).values())
    names = names_of(said)
    for field, headers in dialect.headers.items():
        assert {entry.name for key in ranked(headers) for entry, _, _ in names.known[key]} == {field}
    assert ranked(dialect.decoys).keys() <= ranked(said.decoys).keys()
    assert known.as_written_in(["Name", "Company"]) is known


def test_nothing_is_known_without_letters() -> None:
    assert "" not in known_headers()


def test_a_company_s_id_is_linkedin_s_where_phantombuster_wrote_it() -> None:
    ids = ("companyId: 1441", "companyName: Acme", "vmid: ACwAAA", "isOpenLink: false", "fullName: Ann Ash")
    assert targets(mapped(*ids))["company_linkedin_url"] == "companyId"
    assert targets(mapped(*ids, "regularCompanyUrl: https://linkedin.com/company/acme"))["company_linkedin_url"] == (
        "regularCompanyUrl"
    )
    assert "company_linkedin_url" not in targets(mapped("companyId: 1441", "companyName: Acme", "fullName: Ann Ash"))
