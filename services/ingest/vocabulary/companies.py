"""The fields of a company: an account, an organisation, an employer."""

from typing import Final

from services.ingest.vocabulary.attributes import CITY, COUNTRY, DESCRIPTION, LINKEDIN, NAME, PHONE, STATE
from services.ingest.vocabulary.field import Field

_DOMAINS: Final = """
    Company Domain | Company Domain Name | Domain | Primary Domain | Domain Name | Company Primary Domain |
    Root Domain | Web Domain
    Domain | Domain-Name | Domainname des Unternehmens | Unternehmensdomain
    Dominio | Nombre de dominio | Nombre de dominio de la empresa | Dominio de la empresa
    Domaine | Nom de domaine | Nom de domaine de l'entreprise | Domaine de l'entreprise
    Dominio | Nome di dominio | Nome di dominio dell'azienda | Dominio aziendale
    Domínio | Nome de domínio | Nome de domínio da empresa | Domínio da empresa
    Domein | Domeinnaam | Domeinnaam bedrijf | Domeinnaam van het bedrijf
"""
_WEBSITES: Final = """
    Website | Company Website | Website URL | Company Website URL | Company Website Full | Company Website Short |
    Web Site | Web Page | Homepage | Company Site | Corporate Website | Site | Company URL | Website Value | Web |
    tam_site
    Website-URL | Webseite | Internetseite | Firmenwebsite | Webadresse | Internetadresse | Unternehmenswebsite |
    Webauftritt | Internet
    URL del sitio web | Sitio web | Página web | Web de la empresa
    URL du site web | Site web | Page web | Site internet | Site de l'entreprise | URL du site |
    Site Web de l'entreprise
    URL sito web | Sito web | URL del sito web | Sito internet | Sito aziendale | Sito
    URL do site | Site da empresa | Website da empresa | Página web | Sítio web
    URL van website | Website-URL | Webadres | Bedrijfswebsite
"""
_NAME: Final = Field(
    "company_name",
    "company",
    "name",
    known="""
    Company Name | Company | Account Name | Account | Organization Name | Organization | Organisation | Employer |
    Current Company | Current Company Name | Current Employer | LinkedIn Company Name | Lead Company |
    Business Name | Associated Company | Associated Company (Primary) | Related Company |
    Company (Current) | Primary Company | Firm | Firm Name | Legal Name | Companies
    Unternehmensname | Firma | Unternehmen | Name des Unternehmens | Firmenname | Arbeitgeber | Accountname |
    Organisation | Zugeordnetes Unternehmen | Zugehöriges Unternehmen | Primäres Unternehmen | Hauptunternehmen |
    Aktuelles Unternehmen | Aktueller Arbeitgeber
    Nombre de la empresa | Empresa | Nombre de empresa | Compañía | Nombre de la compañía | Organización |
    Nombre de la cuenta | Nombre de cuenta | Cuenta | Empresa asociada | Empresa principal | Empresa actual
    Nom de l'entreprise | Entreprise | Société | Nom de la société | Organisation | Nom du compte | Compte |
    Raison sociale | Employeur | Société liée | Entreprise associée | Entreprise principale | Entreprise actuelle
    Nome dell'azienda | Azienda | Nome azienda | Nome società | Società | Ragione sociale | Nome account |
    Organizzazione | Impresa | Datore di lavoro | Azienda associata | Azienda principale | Azienda attuale | Ditta
    Nome da empresa | Empresa | Companhia | Nome da organização | Organização | Razão social | Nome da conta |
    Conta | Empresa associada | Empresa principal | Empresa atual
    Bedrijfsnaam | Bedrijf | Naam van bedrijf | Organisatie | Naam bedrijf | Accountnaam | Werkgever |
    Gekoppeld bedrijf | Primair bedrijf | Huidig bedrijf | Huidige werkgever | Naam organisatie
    """,
    attribute=NAME,
)
_DOMAIN: Final = Field(
    "company_domain",
    "company",
    "website",
    known=_DOMAINS,
    failing=_WEBSITES,
    maybe="URL | Link",
    shares="company_website",
)
_WEBSITE: Final = Field(
    "company_website",
    "company",
    "website",
    known=_WEBSITES,
    maybe="URL | Link",
    shares="company_domain",
)
_LINKEDIN_URL: Final = Field(
    "company_linkedin_url",
    "company",
    "company_link",
    known="""
    Company Linkedin Url | Company LinkedIn | LinkedIn URL (company) | LinkedIn Company Page | regularCompanyUrl |
    LinkedIn Company URL | LinkedIn Company Profile URL | LinkedIn Company Profile | Company LinkedIn Page |
    LinkedIn Company | Company LinkedIn Profile | LinkedIn Company Link | Corporate LinkedIn URL
    LinkedIn-Unternehmensseite | LinkedIn-Unternehmens-URL | LinkedIn-Seite des Unternehmens | Unternehmens-LinkedIn
    Página de empresa de LinkedIn | Página de LinkedIn de la empresa | Página de la empresa en LinkedIn |
    LinkedIn empresa
    Page entreprise LinkedIn | Page d'entreprise LinkedIn | Page LinkedIn de l'entreprise | LinkedIn entreprise
    Pagina aziendale LinkedIn | Pagina LinkedIn dell'azienda | LinkedIn azienda | Pagina aziendale di LinkedIn
    Página da empresa no LinkedIn | Página do LinkedIn da empresa | LinkedIn da empresa |
    Página corporativa do LinkedIn
    LinkedIn-bedrijfspagina | Bedrijfspagina op LinkedIn | LinkedIn bedrijf
    """,
    attribute=LINKEDIN
    + """LinkedIn Profile | LinkedIn Profile URL | LinkedIn-Profil | Perfil de LinkedIn | Profil LinkedIn |
    Profilo LinkedIn | Perfil do LinkedIn | LinkedIn-profiel
    """,
    failing="Company Sales Navigator URL | Sales Navigator Company URL",
    ids="""
    LinkedIn Company ID | Company LinkedIn ID | Company LinkedIn UID | Organization LinkedIn UID | mainCompanyID |
    Organization LinkedIn ID | Account LinkedIn UID | Job Company LinkedIn ID | LinkedIn Company Profile URN |
    LinkedIn-Unternehmens-ID | ID de empresa de LinkedIn | ID LinkedIn de l'entreprise | LinkedIn-bedrijfs-ID
    """,
    maybe="""
    Company URL | Company Profile | Company Page | URL | Website | Website URL | Company Website | Link | Social URL
    """,
)
_INDUSTRY: Final = Field(
    "company_industry",
    "company",
    "text",
    known="""
    Industry | Company Industry | Company Industries | Industries | Primary Industry | Sector | Industry Name |
    LinkedIn Industry | Primary Industry Sector | Business Sector | Vertical | Main Industry | Company Main Industry
    Branche | Industrie | Wirtschaftszweig
    Sector | Industria | Sector de la empresa | Industria de la empresa
    Secteur d'activité | Secteur | Industrie
    Settore | Settore industriale | Settore di attività | Settore dell'azienda | Industria
    Setor | Ramo de atividade | Indústria | Segmento
    Bedrijfstak | Branche | Sector | Industrie
    """,
)
_EMPLOYEE_COUNT: Final = Field(
    "company_employee_count",
    "company",
    "count",
    known="""
    # Employees | Employee Count | Number of Employees | Num Employees | Company Headcount | No. of Employees |
    Employees | Headcount | Company Employee Count | Company Size | Total Employees | Staff Count |
    Company Number of Employees | Company Employees | Number of Staff | LinkedIn Employees | Employee Size |
    Nb Employees | Estimated Num Employees | # of Employees | LinkedIn Company Employee Count |
    Employee Range | Company Employee Range | Employees Range | Employee Size Range | Company Headcount Range |
    LinkedIn Headcount | Employees Count | Company Employees Count | FTE
    Anzahl der Mitarbeiter | Mitarbeiterzahl | Anzahl Mitarbeiter | Mitarbeiter | Anzahl der Beschäftigten |
    Mitarbeiteranzahl | Beschäftigte | Unternehmensgröße | Anzahl Mitarbeitende | Mitarbeitende
    Número de empleados | Empleados | N.º de empleados | Cantidad de empleados | Tamaño de la empresa | Nº empleados
    Nombre d'employés | Effectif | Effectifs | Nombre de salariés | Taille de l'entreprise | Nb d'employés |
    Nb de salariés | Nb salariés | Nombre de collaborateurs
    Numero di dipendenti | Dipendenti | N. dipendenti | Numero dipendenti | Dimensione azienda |
    Dimensioni dell'azienda | Nr. dipendenti
    Número de funcionários | Funcionários | Número de empregados | Número de colaboradores | Tamanho da empresa |
    Quantidade de funcionários | Nº de funcionários
    Aantal werknemers | Aantal medewerkers | Werknemers | Medewerkers | Bedrijfsgrootte
    """,
    attribute="Size",
)
_DESCRIPTION: Final = Field(
    "company_description",
    "company",
    "text",
    known="""
    Company Description | Short Description | SEO Description | Company About | Company Overview | Company Summary |
    About Company | Account Description | About the Company | Company Bio
    Unternehmensbeschreibung | Beschreibung des Unternehmens | Firmenbeschreibung
    Descripción de la empresa | Acerca de la empresa
    Description de l'entreprise | À propos de l'entreprise | Description de la société
    Descrizione dell'azienda | Descrizione azienda
    Descrição da empresa
    Bedrijfsomschrijving | Beschrijving bedrijf | Omschrijving bedrijf
    """,
    attribute=DESCRIPTION,
    failing="About Us | Über uns | Sobre nosotros | À propos de nous | Chi siamo | Sobre nós | Over ons",
)
_PHONE: Final = Field(
    "company_phone",
    "company",
    "phone",
    known="""
    Company Phone | Company Phone Number | Corporate Phone | Company HQ Phone | HQ Phone | Company Main Phone |
    Main Phone | Business Phone | Office Phone | Switchboard | Account Phone | Company Telephone |
    Headquarters Phone | Company Main Telephone
    Firmentelefon | Zentrale | Telefon Zentrale | Telefonnummer des Unternehmens | Telefon Firma | Telefon geschäftlich
    Teléfono de la empresa | Teléfono corporativo
    Téléphone de l'entreprise | Téléphone standard | Téléphone (bureau)
    Telefono aziendale | Telefono azienda | Centralino
    Telefone da empresa | Telefone comercial
    Bedrijfstelefoon | Telefoonnummer bedrijf | Telefoon bedrijf
    """,
    attribute=PHONE,
    maybe="HQ",
)
_CITY: Final = Field(
    "company_city",
    "company",
    "text",
    known="""
    Company City | Billing City | HQ City | Headquarters City | Company HQ City | Business City
    Ort geschäftlich
    Ciudad de trabajo | Ciudad del trabajo
    Ville (bureau)
    """,
    attribute=CITY,
)
_STATE: Final = Field(
    "company_state",
    "company",
    "text",
    known="""
    Company State | Billing State/Province | Billing State | HQ State | Headquarters State | Business State |
    Company State/Region | Company State/Province | Billing State/Province (text only)
    Region geschäftlich | Bundesland/Kanton geschäftlich
    Provincia o estado de trabajo | Provincia o estado del trabajo
    Dép/Région (bureau)
    """,
    attribute=STATE,
)
_COUNTRY: Final = Field(
    "company_country",
    "company",
    "text",
    known="""
    Company Country | Billing Country | HQ Country | Headquarters Country | Company HQ Country |
    Business Country/Region | Business Country
    Land/Region geschäftlich | Land geschäftlich
    País o región del trabajo | País o región de trabajo
    Pays/Région (bureau)
    """,
    attribute=COUNTRY,
)
_LAST_FUNDING_DATE: Final = Field(
    "company_last_funding_date",
    "company",
    "date",
    known="Last Raised At | Last Fund Raised At | Last Funding Date | Latest Funding Date | Last Funding At"
    " | Company Last Funding Date | Company Latest Funding Date | Last Funding Round Date | Last Funded At"
    " | Company Last Raised At | Recent Funding Date | Most Recent Funding Date | Last Round Date"
    " | Latest Funding Round Date | Last Financing Date | Latest Round Date | Date of Last Funding",
)
_LAST_FUNDING_AMOUNT: Final = Field(
    "company_last_funding_amount",
    "company",
    "amount",
    known="Latest Funding Amount | Last Funding Amount | Company Latest Funding Amount | Company Last Funding Amount"
    " | Last Funding Round Amount | Last Raised Amount | Recent Funding Amount | Most Recent Funding Amount"
    " | Recent Funding Amount (in 000s USD)"
    " | Last Round Amount | Last Financing Size | Last Funding Amount (USD) | Last Funding Amount (in USD)"
    " | Latest Round Amount | Last Round Size",
)
_OTHERS: Final = (
    Field(
        "company_technologies",
        "company",
        known="Technologies | Company Technologies | Web Technologies | Tech Stack",
    ),
    Field("company_keywords", "company", known="Keywords | Company Keywords | Specialties | Company Specialties"),
    Field(
        "company_annual_revenue",
        "company",
        "amount",
        known="""
        Annual Revenue | Company Annual Revenue | Revenue | Company Revenue | Estimated Annual Revenue | Revenue Range
        Jahresumsatz | Umsatz
        Ingresos anuales | Facturación anual
        Chiffre d'affaires annuel | Chiffre d'affaires | Revenu annuel
        Fatturato annuo | Fatturato | Entrate annuali
        Receita anual | Faturamento anual
        Jaarlijkse omzet | Jaaromzet | Omzet
        """,
    ),
    Field(
        "company_total_funding",
        "company",
        "amount",
        known="Total Funding | Company Total Funding | Total Money Raised | Total Funding Amount | Total Raised",
    ),
    Field(
        "company_latest_funding",
        "company",
        known="Latest Funding | Company Latest Funding Type | Latest Funding Type | Last Funding Type | Funding Stage"
        " | Last Funding Round | Latest Funding Stage | Company Latest Funding Stage",
    ),
    Field(
        "company_founded_year",
        "company",
        "count",
        known="""
        Founded Year | Company Founded Year | Year Founded | Founded | Company Year Founded | Company Founded |
        Founding Year
        Gründungsjahr
        Año de fundación
        Année de création | Année de fondation
        Anno di fondazione
        Ano de fundação
        Oprichtingsjaar | Jaar van oprichting
        """,
    ),
    Field("company_logo_url", "company", "link", known="Logo Url | Company Logo Url | Company Logo | Logo"),
)
COMPANY_FIELDS: Final = (
    _NAME,
    _DOMAIN,
    _WEBSITE,
    _LINKEDIN_URL,
    _INDUSTRY,
    _EMPLOYEE_COUNT,
    _DESCRIPTION,
    _PHONE,
    _CITY,
    _STATE,
    _COUNTRY,
    _LAST_FUNDING_DATE,
    _LAST_FUNDING_AMOUNT,
    *_OTHERS,
)
