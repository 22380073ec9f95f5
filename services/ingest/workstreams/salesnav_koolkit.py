"""Sales Navigator, by way of KoolKit, PhantomBuster, Evaboot and their like: people with their LinkedIn profiles."""

from typing import Final

from services.ingest.workstreams import Workstream

WORKSTREAM: Final = Workstream(
    slug="salesnav_koolkit",
    title="Sales Navigator",
    rows=("person", "company"),
    # Of another job, of the search, of the exporting account.
    decoys="""
        Job description | titleDescription | Company registered address | pastExperienceCompanyName |
        pastExperienceCompanyUrl | pastExperienceCompanyTitle | profileImageUrl | query | Past Company |
        Previous Company
    """,
    signature="""
        Matching filters | Matches Filters | LinkedIn user profile URN | Linkedin company profile URN |
        LinkedIn URL (user profile) | LinkedIn URL (company) | Company registered address | Profile headline |
        Profile summary | profileUrl | defaultProfileUrl | linkedInProfileUrl | regularCompanyUrl | vmid |
        durationInRole | durationInCompany | pastExperienceCompanyName | connectionDegree | sharedConnectionsCount |
        isOpenLink | isPremium | LinkedIn URL Public | LinkedIn URL Unique ID | Sales Navigator URL |
        Prospect LinkedIn URL | LinkedIn Premium | Open Profile | Open Link | Is Premium | Connections count |
        Years in Position | Years in Company | Company Sales Navigator URL | LinkedIn Sales Navigator URL |
        Current Job | Degree of Connection | Sales Nav URL | Conversation Status |
        employeesOnLinkedIn | mainCompanyID | salesNavigatorLink
    """,
    workflows="""
        normalize_company_name normalize_company_domain normalize_all_core_values normalize_company_name_in_clay
        normalize_company_domain_in_clay normalize_all_core_values_in_clay enrich_company_via_waterfall_in_clay
        enrich_person_via_waterfall_in_clay enrich_email lookup_company_from_warehouse lookup_person_from_warehouse
        extract_work_history extract_contact_info
    """,
)
