"""Where a person is reached: the fields of an address, a number, a profile."""

from typing import Final

from services.ingest.vocabulary.attributes import LINKEDIN, PHONE
from services.ingest.vocabulary.field import Field

EMAIL: Final = Field(
    "email",
    "person",
    "address",
    known="""
    Email | Work Email | Email Address | Primary Email | Email - Work | Business Email | Professional Email |
    Email Work | Work Email Address | Corporate Email | Contact Email | Email (Work) | Primary Work Email |
    Verified Email | Current Work Email | Recommended Email | Emails | Email (Primary) | Primary Email Address |
    Best Email | Found Email | Email Value | Mail | Email Addresses | Find Work Email | B2B Email |
    Recommended Work Email | Verified Work Email | Enriched Email
    E-Mail-Adresse | E-Mail | E-Mail - Arbeit | E-Mail-Adresse - Arbeit | E-Mail geschäftlich |
    Geschäftliche E-Mail-Adresse | E-Mail (Arbeit) |
    Mailadresse | E-Mail - Büro | Geschäftliche E-Mail | Berufliche E-Mail-Adresse |
    Berufliche E-Mail | Dienstliche E-Mail
    Correo electrónico | Correo | Correo electrónico del trabajo | Dirección de correo electrónico |
    Correo - Trabajo | Correo electrónico - Trabajo | Email - Trabajo | Email corporativo | Dirección de email |
    Correo corporativo | Correo profesional | Email profesional | Correo de trabajo |
    Correo electrónico corporativo | Email de trabajo
    Adresse e-mail | E-mail professionnel | Adresse électronique | Adresse mail | Adresse de messagerie | Courriel |
    E-mail - Travail | E-mail - Bureau | Mail professionnel | Adresse courriel | Adresse e-mail professionnelle |
    E-mail pro | Mail pro
    Indirizzo e-mail | Posta elettronica | Indirizzo di posta elettronica | E-mail aziendale | E-mail - Lavoro |
    Indirizzo mail | E-mail professionale | E-mail di lavoro
    Endereço de e-mail | E-mail corporativo | Correio eletrônico | E-mail - Trabalho | E-mail comercial |
    Endereço de email | E-mail profissional | E-mail de trabalho | E-mail do trabalho
    E-mailadres | E-mail - Werk | Zakelijk e-mailadres | E-mailadres werk | Zakelijke e-mail |
    Zakelijke mail | E-mail zakelijk
    """,
)
EMAIL_STATUS: Final = Field(
    "email_status",
    "person",
    "text",
    known="""
    Email Status | Primary Email Status | Email Verification Status | Email Validation Status | Email Verification |
    Email Validation | Work Email Status | Email Deliverability | Email Validity | Email Address Status |
    Verification Status | Email Quality | Professional Email Status | Email Quality Status | Email Verification Result
    E-Mail-Status
    Estado del correo electrónico | Estado del correo | Estado del email | Estado email
    Statut de l'e-mail | Statut e-mail | Statut email
    Stato e-mail | Stato dell'e-mail
    Status do e-mail | Status e-mail
    E-mailstatus
    """,
)
MOBILE_PHONE: Final = Field(
    "mobile_phone",
    "person",
    "phone",
    known="""
    Mobile Phone | Mobile Phone Number | Mobile | Mobile Number | Phone - Mobile | Cell Phone | Cell | Cellphone |
    Phone (Mobile) | Mobile Phone 1 | Personal Phone | Mobile No | Work Mobile | Work Mobile Phone |
    Mobile Direct Dial | Direct Phone | Direct Phone Number |
    Direct Dial | First Phone | Work Direct Phone | Contact Phone | Phone Value | Recommended Phone |
    Cell Number
    Mobiltelefonnummer | Mobiltelefon | Mobilnummer | Mobil | Handy | Handynummer | Telefon - Mobil | Telefon (mobil) |
    Mobil geschäftlich | Handy geschäftlich | Mobilfunknummer | Mobilfunk | Mobil-Nr. | Handy-Nr.
    Número de teléfono móvil | Teléfono móvil | Móvil | Celular | Número de móvil | Teléfono - Móvil |
    Teléfono celular | Número de celular
    Numéro de téléphone portable | Téléphone portable | Téléphone mobile | Portable | Numéro de portable |
    Téléphone - Portable | Téléphone - Mobile | Numéro de téléphone mobile | Mobile | Tél. mobile |
    Tél. portable | Numéro de mobile | N° de portable | Portable pro
    Numero di cellulare | Cellulare | Telefono cellulare | Numero di telefono cellulare | Telefono - Cellulare |
    Telefono - Mobile | Numero cellulare | Cellulare aziendale
    Número de celular | Celular | Telemóvel | Telefone celular | Número de telefone celular | Telefone - Celular |
    Número do celular
    Mobiel telefoonnummer | Mobiele telefoonnummer | Mobiele telefoon | Mobiel | Mobiel nummer | Mobiele nummer |
    Telefoon - Mobiel | 06-nummer | GSM | GSM-nummer | Mobiel nr
    """,
    attribute=PHONE,
)
LINKEDIN_URL: Final = Field(
    "person_linkedin_url",
    "person",
    "person_link",
    known="""
    Person Linkedin Url | LinkedIn URL (user profile) | defaultProfileUrl | LinkedIn URL Public |
    LinkedIn Profile URL | LinkedIn Profile | LinkedIn Profile Link | Public LinkedIn URL | Public Profile URL |
    LinkedIn Contact Profile URL | linkedInProfileUrl | Prospect LinkedIn URL | LinkedIn URL Unique ID | Profile URL |
    Profile Link | Personal LinkedIn | Personal LinkedIn URL | LinkedIn Public URL
    LinkedIn-Profil | LinkedIn-Profil-URL | URL des LinkedIn-Profils | Profil-URL
    Perfil de LinkedIn | URL del perfil de LinkedIn | URL del perfil | Perfil LinkedIn | URL perfil LinkedIn
    Profil LinkedIn | URL du profil LinkedIn | URL du profil | Lien du profil LinkedIn | Profil LinkedIn URL
    Profilo LinkedIn | URL del profilo LinkedIn | URL profilo LinkedIn | URL del profilo | Link profilo LinkedIn
    Perfil do LinkedIn | URL do perfil do LinkedIn | URL do perfil
    LinkedIn-profiel | URL LinkedIn-profiel | LinkedIn-profiel-URL | Profiel-URL
    """,
    attribute=LINKEDIN,
    failing="Sales Navigator URL | Sales Navigator Profile URL | LinkedIn Sales Navigator URL | Sales Nav URL",
    ids="LinkedIn user profile URN | LinkedIn Profile URN",
    maybe="URL | LinkedIn Bio | Link | Profile | Website | Website URL | Web Page | Website Value | Social | Web"
    " | Social URL | URLs | Social Profiles | Social Profile",
)
