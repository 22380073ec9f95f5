"""Tools whose files use common words for something else, told by headers that only they have.

In Close a lead is a company with contacts, so that `lead_name` and `display_name` name the company; elsewhere a lead is
a person.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from services.ingest.vocabulary.field import ranked

_TELLING: Final = 2


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one tool's files call things, as a workstream says it; two of the `marks` tell its files."""

    tool: str
    marks: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)
    decoys: str = ""

    def is_spoken(self, keys: Set[str]) -> bool:
        """Whether a file with headers of these keys is the tool's."""
        return len(keys & ranked(self.marks).keys()) >= _TELLING


CLOSE: Final = Dialect(
    "Close",
    marks="""
        lead_id | status_label | lead_status_label | lead_display_name | lead_url | lead_created_by | contact_name |
        primary_contact_name | primary_contact_primary_email | html_url | created_by_name
    """,
    headers={
        "company_name": "lead_name | lead_display_name | display_name | company_name",
        "company_website": "url | lead_url",
        "company_description": "description | lead_description",
        "company_city": "address_1_city | primary_address_city",
        "company_state": "address_1_state | primary_address_state",
        "company_country": "address_1_country | primary_address_country",
        "full_name": "contact_name | primary_contact_name",
        "title": "contact_title | primary_contact_title",
        "email": "primary_contact_primary_email | primary_email | contact_email_1",
        "mobile_phone": "primary_contact_primary_phone | primary_phone | contact_phone_1",
    },
    decoys="lead_created_by | created_by_name | updated_by_name",
)
WAALAXY: Final = Dialect(
    "Waalaxy",
    marks="connectedAt | prospectList | isJobSeeker | is_jobseeker | salesNavigatorUrl | professional_email",
    headers={"person_state": "region"},
    decoys="state",
)
ROCKETREACH: Final = Dialect(
    "RocketReach",
    marks="""
        Current Employer | Recommended Email | Recommended Work Email | Recommended Personal Email | Email 1 Grade |
        Email 1 SMTP Valid
    """,
    headers={"email": "Recommended Work Email | Recommended Email | Current Work Email"},
)
PIPEDRIVE: Final = Dialect(
    "Pipedrive",  # its leads and deals have a title of their own
    marks="""
        Lead - Label | Lead - Value | Lead - Lead created | Lead - Expected close date | Lead - Source channel |
        Lead - Etikett | Lead - Wert | Lead - Etiqueta | Lead - Valor | Lead - Étiquette | Lead - Valeur |
        Lead - Etichetta | Lead - Valore | Lead - Waarde |
        Deal - Title | Deal - Value | Deal - Stage | Deal - Deal created | Deal - Expected close date
    """,
    headers={"company_name": "Deal - Organization", "full_name": "Deal - Contact person"},
    decoys="Lead - Title | Lead - Titel | Lead - Título | Lead - Titre | Lead - Titolo",
)
PHANTOMBUSTER: Final = Dialect(
    "PhantomBuster",  # elsewhere a company's id is one of the tool's own
    marks="""
        vmid | defaultProfileUrl | linkedInProfileUrl | regularCompanyUrl | durationInRole | durationInCompany |
        sharedConnectionsCount | isOpenLink | pastExperienceCompanyName
    """,
    ids={"company_linkedin_url": "companyId"},
)
DIALECTS: Final = (CLOSE, PHANTOMBUSTER, PIPEDRIVE, ROCKETREACH, WAALAXY)
