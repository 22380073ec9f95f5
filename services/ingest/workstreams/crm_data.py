"""What a client already has: HubSpot, Salesforce, Pipedrive, LinkedIn connections, Google and Outlook contacts."""

from typing import Final

from services.ingest.workstreams import Workstream

WORKSTREAM: Final = Workstream(
    slug="crm_data",
    title="CRM data",
    rows=("person", "company"),
    # Whose record it is, when somebody last wrote, a second address.
    decoys="""
        Connected On | Lead Status | Contact Status | Account Status | E-mail Display Name | E-mail 2 Address |
        E-mail 2 - Value | Phone 2 - Value
    """,
    signature="""
        Organisation - Name | Organisation - ID | Organisation - Besitzer | Organisation - Etikett |
        Google Stars | Google Review Count | Erster Besuch | Letzter Besuch | First Visit | Last Visit |
        ZoomInfo Company ID | ZoomInfo Contact ID | Captured At | Contact LinkedIn URL | Status Label |
        Lead Status Label | Primary Contact Name | Dealroom URL |
        Record ID | Company owner | Lifecycle Stage | Lead Status | Create Date |
        Last Activity Date | Last Modified Date | Associated Company | Associated Company IDs | Associated Note |
        Lead Source | Lead Owner | Mailing City | Mailing Country | Billing City | Account ID |
        Billing Country | Salutation | Account Name | Parent Account | Last Activity | Company / Account |
        Person - Name | Person - ID | Person - Organization | Person - Label | Organization - Name |
        Organization - ID | Organization - Address | Person - Owner | Organization - Owner | Organization - Label |
        Connected On | Group Membership | Labels | Phonetic First Name | File As | Name Prefix | Yomi Name |
        E-mail 1 - Value | E-mail 1 - Label | Phone 1 - Value | Organization Title | Given Name Yomi |
        E-mail Display Name | Business Phone | Home Street | Business Street | Web Page |
        Propietario del contacto | Propriétaire du contact | Zuständiger Mitarbeiter | Contact-Inhaber |
        Proprietario del contatto | Proprietário do contato | Contacteigenaar | Eigenaar van contactpersoon |
        Propietario de la empresa | Propriétaire de l'entreprise | Zuständig für Unternehmen | Datensatz-ID |
        ID de registro | ID d'enregistrement | ID record | Record-ID | ID do registro | Accountinhaber |
        Fecha de creación | Date de création | Erstelldatum | Data di creazione | Data de criação |
        Fase del ciclo de vida | Étape du cycle de vie | Lifecycle-Phase | Fase del ciclo di vita |
        Estado del lead | Statut du lead | Lead-Status | Stato del lead | Status do lead | Aanmaakdatum
    """,
    plain="person",
    workflows="""
        normalize_company_name normalize_company_domain normalize_all_core_values normalize_company_name_in_clay
        normalize_company_domain_in_clay normalize_all_core_values_in_clay enrich_company_via_clay_waterfall
        enrich_person_via_clay_waterfall enrich_email lookup_company_from_warehouse lookup_person_from_warehouse
        extract_work_history extract_contact_info
    """,
)
