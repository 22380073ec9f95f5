"""The fields of a person: a contact, a lead, a member."""

from typing import Final

from services.ingest.vocabulary.attributes import CITY, COUNTRY, DESCRIPTION, LINKEDIN, LOCATION, NAME, PHONE, STATE
from services.ingest.vocabulary.field import Field

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
    Designation | Occupation
    Jobtitel | Berufsbezeichnung | Stellenbezeichnung | Position | Funktion | Jobbezeichnung | Titel
    Cargo | Puesto | Título del puesto | Puesto de trabajo | Título profesional | Título de trabajo | Título
    Intitulé du poste | Intitulé de poste | Poste | Fonction | Titre du poste | Titre | Titre de poste
    Qualifica | Qualifica professionale | Titolo lavorativo | Posizione lavorativa | Titolo professionale |
    Ruolo | Mansione | Titolo di lavoro | Posizione |
    Carica | Titolo
    Cargo | Título do cargo | Função | Posição | Ocupação | Título
    Functietitel | Functie | Functienaam | Functieomschrijving | Titel
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
    Job Title Level
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
_EMAIL: Final = Field(
    "email",
    "person",
    "address",
    known="""
    Email | Work Email | Email Address | Primary Email | Email - Work | Business Email | Professional Email |
    Email Work | Work Email Address | Corporate Email | Contact Email | Email (Work) | Primary Work Email |
    Verified Email | Current Work Email | Recommended Email | Emails | Email (Primary) | Primary Email Address |
    Best Email | Found Email | Email Value | Mail | Email Addresses | Find Work Email | B2B Email
    E-Mail-Adresse | E-Mail | E-Mail - Arbeit | E-Mail-Adresse - Arbeit | E-Mail geschäftlich |
    Geschäftliche E-Mail-Adresse | E-Mail (Arbeit) |
    Mailadresse | E-Mail - Büro
    Correo electrónico | Correo | Correo electrónico del trabajo | Dirección de correo electrónico |
    Correo - Trabajo | Correo electrónico - Trabajo | Email - Trabajo | Email corporativo | Dirección de email
    Adresse e-mail | E-mail professionnel | Adresse électronique | Adresse mail | Courriel | E-mail - Travail |
    E-mail - Bureau | Mail professionnel | Adresse courriel
    Indirizzo e-mail | Posta elettronica | Indirizzo di posta elettronica | E-mail aziendale | E-mail - Lavoro |
    Indirizzo mail
    Endereço de e-mail | E-mail corporativo | Correio eletrônico | E-mail - Trabalho | E-mail comercial |
    Endereço de email
    E-mailadres | E-mail - Werk | Zakelijk e-mailadres | E-mailadres werk | Zakelijke e-mail
    """,
)
_EMAIL_STATUS: Final = Field(
    "email_status",
    "person",
    "text",
    known="""
    Email Status | Primary Email Status | Email Verification Status | Email Validation Status | Email Verification |
    Email Validation | Work Email Status | Email Deliverability | Email Validity | Email Address Status |
    Verification Status
    E-Mail-Status
    Estado del correo electrónico | Estado del correo | Estado del email
    Statut de l'e-mail | Statut e-mail | Statut email
    Stato e-mail | Stato dell'e-mail
    Status do e-mail
    E-mailstatus
    """,
)
_MOBILE_PHONE: Final = Field(
    "mobile_phone",
    "person",
    "phone",
    known="""
    Mobile Phone | Mobile Phone Number | Mobile | Mobile Number | Phone - Mobile | Cell Phone | Cell | Cellphone |
    Phone (Mobile) | Mobile Phone 1 | Personal Phone | Mobile No | Work Mobile | Direct Phone | Direct Phone Number |
    Direct Dial | First Phone | Work Direct Phone | Contact Phone | Phone Value | Recommended Phone
    Mobiltelefonnummer | Mobiltelefon | Mobilnummer | Mobil | Handy | Handynummer | Telefon - Mobil | Telefon (mobil)
    Número de teléfono móvil | Teléfono móvil | Móvil | Celular | Número de móvil | Teléfono - Móvil |
    Teléfono celular | Número de celular
    Numéro de téléphone portable | Téléphone portable | Téléphone mobile | Portable | Numéro de portable |
    Téléphone - Portable | Téléphone - Mobile | Numéro de téléphone mobile | Mobile
    Numero di cellulare | Cellulare | Telefono cellulare | Numero di telefono cellulare | Telefono - Cellulare |
    Telefono - Mobile
    Número de celular | Celular | Telemóvel | Telefone celular | Número de telefone celular | Telefone - Celular |
    Número do celular
    Mobiel telefoonnummer | Mobiele telefoon | Mobiel | Mobiel nummer | Mobiele nummer | Telefoon - Mobiel | 06-nummer
    """,
    attribute=PHONE,
)
_LINKEDIN_URL: Final = Field(
    "person_linkedin_url",
    "person",
    "person_link",
    known="""
    Person Linkedin Url | LinkedIn URL (user profile) | defaultProfileUrl | LinkedIn URL Public |
    LinkedIn Profile URL | LinkedIn Profile | LinkedIn Profile Link | Public LinkedIn URL | Public Profile URL |
    LinkedIn Contact Profile URL | linkedInProfileUrl | Prospect LinkedIn URL | LinkedIn URL Unique ID | Profile URL |
    Profile Link
    LinkedIn-Profil | LinkedIn-Profil-URL | URL des LinkedIn-Profils | Profil-URL
    Perfil de LinkedIn | URL del perfil de LinkedIn | URL del perfil
    Profil LinkedIn | URL du profil LinkedIn | URL du profil | Lien du profil LinkedIn
    Profilo LinkedIn | URL del profilo LinkedIn | URL profilo LinkedIn | URL del profilo
    Perfil do LinkedIn | URL do perfil do LinkedIn | URL do perfil
    LinkedIn-profiel | URL LinkedIn-profiel | LinkedIn-profiel-URL | Profiel-URL
    """,
    attribute=LINKEDIN,
    failing="Sales Navigator URL | Sales Navigator Profile URL | LinkedIn Sales Navigator URL | Sales Nav URL",
    maybe="URL | LinkedIn Bio | Link | Profile | Website | Website URL | Web Page | Website Value | Social | Web"
    " | Social URL",
)
_CITY: Final = Field(
    "person_city",
    "person",
    "text",
    known="""
    Person City | Mailing City | Lead City | Contact City | Home City | Home Address City
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
    Home State | Home State/Region
    """,
    attribute=STATE,
)
_COUNTRY: Final = Field(
    "person_country",
    "person",
    "text",
    known="""
    Person Country | Mailing Country | Mailing Country (text only) | Lead Country | Home Country/Region |
    Home Country
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
    Start Date | Date Started
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
    _EMAIL,
    _EMAIL_STATUS,
    _MOBILE_PHONE,
    _LINKEDIN_URL,
    _CITY,
    _STATE,
    _COUNTRY,
    _LOCATION,
    _JOB_STARTED_ON,
    _NOTES,
)
