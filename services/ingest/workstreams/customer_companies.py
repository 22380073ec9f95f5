"""A client's own customers: one company a row, often a name and nothing else."""

from typing import Final

from services.ingest.workstreams import Workstream

WORKSTREAM: Final = Workstream(
    slug="customer_companies",
    title="Customer companies",
    rows=("company",),
    headers={
        "company_name": """
            Company Name | Customer | Customer Name | Client | Client Name | Customer Company | Kunde | Kundenname |
            Cliente | Nombre del cliente | Nome cliente | Nome do cliente | Client Company | Nom du client | Klant |
            Klantnaam | Logo Name
        """,
        "company_domain": "Domain | Customer Domain | Client Domain",
        "company_website": "Website | Customer Website | Client Website",
    },
    signature="""
        Customer | Customer Name | Customer Company | Client Company | Customer Since | Kunde | Kundenname
    """,
    plain="company",
    workflows="""
        normalize_company_name normalize_company_domain normalize_all_core_values normalize_company_name_in_clay
        normalize_company_domain_in_clay normalize_all_core_values_in_clay enrich_company_via_clay_waterfall
        lookup_company_from_warehouse
    """,
)
