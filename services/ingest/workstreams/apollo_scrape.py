"""Apollo's exports of people and of accounts, from the 32 columns of 2024 to the 105 of 2026."""

from typing import Final

from services.ingest.workstreams import Workstream

WORKSTREAM: Final = Workstream(
    slug="apollo_scrape",
    title="Apollo scrape",
    rows=("person", "company"),
    headers={
        "person_city": "City",
        "person_state": "State",
        "person_country": "Country",
    },
    # Apollo's own shortening, addresses of somebody's second choice, people of the agency.
    decoys="""
        Company Name for Emails | Cleaned Company Name | Subsidiary of | Account Owner | Contact Owner |
        Secondary Email | Tertiary Email | Company Address
    """,
    signature="""
        Company Name for Emails | Cleaned Company Name | Apollo Contact Id | Apollo Account Id | Apollo Record Id |
        Person Linkedin Url | Email Confidence | Primary Email Source | Primary Email Catch-all Status |
        Work Direct Phone | Corporate Phone | Account Stage | SEO Description | Number of Retail Locations |
        Last Raised At | Demoed | extrapolated_email_confidence | is_likely_to_engage | intent_strength | show_intent |
        revealed_for_current_team | organization/angellist_url | company_linkedin_uid |
        company_annual_revenue_clean | company_total_funding_clean
    """,
    workflows="""
        split_raw_apollo_scrape_data normalize_company_name normalize_company_domain normalize_all_core_values
        normalize_company_name_in_clay normalize_company_domain_in_clay normalize_all_core_values_in_clay
        enrich_company_via_waterfall_in_clay enrich_person_via_waterfall_in_clay enrich_email
        lookup_company_from_warehouse lookup_person_from_warehouse extract_work_history extract_contact_info
    """,
)
