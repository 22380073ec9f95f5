"""The fields of a person: a contact, a lead, a member."""

from typing import Final

from services.ingest.vocabulary.attributes import CITY, COUNTRY, DESCRIPTION, LOCATION, NAME, STATE
from services.ingest.vocabulary.field import Field
from services.ingest.vocabulary.reach import EMAIL, EMAIL_STATUS, LINKEDIN_URL, MOBILE_PHONE

_FIRST_NAME: Final = Field(
    "first_name",
    "person",
    "name",
    known="""
    First Name | Given Name | Forename | fname | Name - First
    Vorname | Rufname
    Primer nombre | Nombre de pila
    Prénom | Prénoms
    Nome di battesimo
    Primeiro nome | Nome próprio
    Voornaam | Roepnaam
    """,
    completes=("last_name", "Name | Nombre | Nombres | Nome | Nom | Naam"),
)
_LAST_NAME: Final = Field(
    "last_name",
    "person",
    "name",
    known="""
    Last Name | Family Name | Surname | lname | Second Name | Name - Last
    Nachname | Familienname | Zuname
    Apellidos | Apellido | Primer apellido
    Nom de famille | Patronyme
    Cognome
    Sobrenome | Apelido | Último nome
    Achternaam | Familienaam
    """,
    completes=("first_name", "Name | Nom | Nome | Nombre | Naam"),
)
_FULL_NAME: Final = Field(
    "full_name",
    "person",
    "name",
    known="""
    Full Name | Contact Name | Person Name | Prospect Name | Name Surname | First and Last Name |
    Contact Person
    Vollständiger Name | Kompletter Name | Vor- und Nachname | Name des Kontakts | Ansprechpartner
    Nombre completo | Nombre y apellidos | Nombre y apellido | Nombre del contacto | Persona de contacto
    Nom complet | Nom et prénom | Prénom et nom | Prénom Nom | Nom Prénom | Nom du contact
    Nome completo | Nome e cognome | Cognome e nome | Nome del contatto
    Nome completo | Nome e sobrenome | Nome do contato
    Volledige naam | Voor- en achternaam | Naam contactpersoon | Contactpersoon
    Display Name
    """,
    attribute=NAME,
    maybe="Contact | Kontakt | Contacto | Contatto | Contato | Prospect | Lead | Person | Persona | Personne | Pessoa",
)
_TITLE: Final = Field(
    "title",
    "person",
    "title",
    known="""
    Job Title | Organization Title | Title | Position | Current Job Title | Current Title | LinkedIn Job Title |
    Current Position | Current Job | Job Position | Job | Position Title | Job Role | Role | Current Role |
    Designation | Occupation | Primary Position
    Jobtitel | Berufsbezeichnung | Stellenbezeichnung | Position | Funktion | Jobbezeichnung | Titel |
    Titel der Organisation | Aktuelle Position
    Cargo | Puesto | Título del puesto | Puesto de trabajo | Título profesional | Título de trabajo | Título |
    Cargo en la organización | Cargo actual | Puesto actual
    Intitulé du poste | Intitulé de poste | Poste | Fonction | Titre du poste | Titre | Titre de poste |
    Titre dans l'organisation | Poste occupé | Poste actuel | Fonction actuelle
    Qualifica | Qualifica professionale | Titolo lavorativo | Posizione lavorativa | Titolo professionale |
    Ruolo | Mansione | Titolo di lavoro | Posizione |
    Carica | Titolo | Titolo organizzazione | Posizione attuale
    Cargo | Título do cargo | Função | Posição | Ocupação | Título | Cargo na organização | Cargo atual
    Functietitel | Functie | Functienaam | Functieomschrijving | Titel | Huidige functie
    """,
)
_HEADLINE: Final = Field(
    "headline",
    "person",
    "text",
    known="""
    Headline | Profile Headline | LinkedIn Headline | Prospect Headline
    Profil-Slogan
    Titular
    Titre du profil
    """,
)
_SUMMARY: Final = Field(
    "summary",
    "person",
    "text",
    known="""
    Summary | Profile Summary | LinkedIn Summary | Bio | Biography | About Me | Profile About | LinkedIn Description
    Zusammenfassung | Kurzprofil
    Resumen | Biografía
    Résumé | Biographie
    Riepilogo | Biografia
    Resumo | Biografia
    Samenvatting | Biografie
    """,
    attribute="About",
)
_SENIORITY: Final = Field(
    "seniority",
    "person",
    "text",
    known="""
    Seniority | Seniority Level | Employment Seniority | Management Level | Job Level | Job Seniority |
    Job Title Level | Seniorities
    Karrierestufe | Hierarchieebene | Führungsebene
    Nivel de antigüedad | Nivel jerárquico | Antigüedad laboral
    Niveau hiérarchique | Ancienneté professionnelle
    Anzianità | Livello di seniority
    Senioridade | Nível hierárquico
    Senioriteit | Functieniveau
    """,
)
_DEPARTMENTS: Final = Field(
    "departments",
    "person",
    "text",
    known="""
    Departments | Department | Organization Department | Job Function
    Abteilung
    Departamento
    Service | Département
    Reparto | Dipartimento
    Departamento | Setor da pessoa
    Afdeling
    """,
)
_CITY: Final = Field(
    "person_city",
    "person",
    "text",
    known="""
    Person City | Mailing City | Lead City | Contact City | Home City | Home Address City |
    Mailing Address City
    Ort (Postanschrift) | Stadt (Postanschrift) | Postanschrift Ort | Postanschrift Stadt
    Ciudad de correo | Ciudad de correspondencia
    Ville (adresse postale) | Ville de correspondance
    """,
    attribute=CITY,
)
_STATE: Final = Field(
    "person_state",
    "person",
    "text",
    known="""
    Person State | Mailing State/Province | Mailing State | Mailing State/Province (text only) | Lead State |
    Home State | Home State/Region | Mailing Address State
    Estado de correo | Estado de correspondencia
    """,
    attribute=STATE,
)
_COUNTRY: Final = Field(
    "person_country",
    "person",
    "text",
    known="""
    Person Country | Mailing Country | Mailing Country (text only) | Lead Country | Home Country/Region |
    Home Country | Mailing Address Country
    País de correo | País de correspondencia
    """,
    attribute=COUNTRY,
)
_LOCATION: Final = Field(
    "person_location",
    "person",
    "text",
    known="Person Location | Prospect Location | Contact Location | Lead Location | Profile Location",
    attribute=LOCATION,
)
_JOB_STARTED_ON: Final = Field(
    "job_started_on",
    "person",
    "date",
    known="""
    Job Started On | Job Start Date | Current Job Start Date | Position Start Date | Started Current Role On |
    Role Start Date | Current Position Start Date | Current Job Started On | Employment Start Date | Job Started At |
    Current Job Started At | Organization Start | Start Date | Date Started |
    Current Role Start Date | Start Date in Current Role | Position Started On | Role Started On
    Beschäftigt seit | Eintrittsdatum | Startdatum | Position seit
    Fecha de inicio | Fecha de inicio del puesto | Fecha de inicio de empleo
    Date de début | Date de prise de poste | Date d'entrée en poste
    Data di inizio | Data di inizio lavoro | Data inizio
    Data de início | Data de início do cargo
    Startdatum functie | Begindatum | In functie sinds
    """,
)
_NOTES: Final = Field(
    "notes",
    "person",
    "text",
    known="""
    Notes | Note | Comments | Comment | Associated Note | Remarks | Memo
    Notizen | Notiz | Bemerkungen | Bemerkung | Anmerkungen | Kommentar | Kommentare
    Notas | Nota | Comentarios | Observaciones
    Remarques | Commentaires | Commentaire
    Note | Commenti | Osservazioni
    Notas | Anotações | Observações | Comentários
    Notities | Notitie | Opmerkingen | Opmerking
    """,
    attribute=DESCRIPTION,
)
PERSON_FIELDS: Final = (
    _FIRST_NAME,
    _LAST_NAME,
    _FULL_NAME,
    _TITLE,
    _HEADLINE,
    _SUMMARY,
    _SENIORITY,
    _DEPARTMENTS,
    EMAIL,
    EMAIL_STATUS,
    MOBILE_PHONE,
    LINKEDIN_URL,
    _CITY,
    _STATE,
    _COUNTRY,
    _LOCATION,
    _JOB_STARTED_ON,
    _NOTES,
)
