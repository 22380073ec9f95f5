"""What people and companies both have: the header has to say whose it is, or the kind of file does.

Lines are English, German, Spanish, French, Italian, Portuguese, Dutch.
"""

from typing import Final

NAME: Final = """
    Name | Full Name | Display Name
    Name
    Nombre | Razón social
    Nom | Raison sociale
    Nome | Ragione sociale | Nominativo
    Nome | Razão social
    Naam
"""
LINKEDIN: Final = """
    LinkedIn URL | LinkedIn | LinkedIn Link | LinkedIn Page | LinkedIn Page URL | LinkedIn Website | hs_linkedin_url |
    LI Profile URL | LI URL
    LinkedIn-URL | LinkedIn-Link | LinkedIn-Seite
    URL de LinkedIn | Enlace de LinkedIn | Página de LinkedIn
    URL LinkedIn | Lien LinkedIn | Page LinkedIn
    Link LinkedIn | Pagina LinkedIn | URL di LinkedIn
    URL do LinkedIn | Link do LinkedIn | Página do LinkedIn
    LinkedIn-pagina | LinkedIn-link
"""
CITY: Final = """
    City | Town | Locality | City/Town | City/town/village/locality of Address | Address City | Address - City |
    Location City | Primary Address City
    Stadt | Ort | Wohnort | Standort Stadt | Adresse - Ort | Adresse - Stadt |
    Stadt/Ort/Gemeinde/Lokalität der Adresse
    Ciudad | Localidad | Población | Municipio
    Ville | Localité | Commune
    Città | Comune | Località
    Cidade | Município | Localidade
    Plaats | Stad | Woonplaats | Gemeente
"""
STATE: Final = """
    State | State/Region | State/Province | State or Province | State/Province (text only) | Province | Region
    Bundesland | Bundesland/Region | Bundesland/Kanton | Bundesland/Provinz | Kanton
    Estado/Región | Estado/Provincia | Provincia | Estado o región | Estado o provincia | Comunidad autónoma | Estado
    État/Région | Région | État/Province | Province/État | Département géographique
    Stato/Regione | Regione | Provincia | Stato/Provincia | Regione/Provincia | Provincia/Regione
    Estado/Região | Estado | UF | Estado/Província | Distrito
    Provincie | Staat/regio | Provincie/Staat | Provincie/regio | Regio
    Address Region | Address - Region | State Code | Address State/Province | Address State | State/Region Code |
    State/County of Address | Location State | Adresse - Region |
    Bundesland/Landkreis der Adresse
"""
COUNTRY: Final = """
    Country | Country/Region | Country/Territory | Country/Territory/Region | Primary Country |
    Country Name | Address Country | Address - Country | Address Country/Region
    Land | Land/Region | Adresse - Land | Adresse - Land/Region
    País | País/Región
    Pays | Pays/Région
    Paese | Paese/Regione | Nazione | Paese/Area geografica
    País | País/Região
    Land | Land/regio
    Location Country | Country Code | Country/Region Code
"""
LOCATION: Final = """
    Location | Geo Location | Geography | Full Location | Locations | Primary Location | Location Name
    Standort
    Ubicación
    Localisation | Lieu | Emplacement
    Posizione geografica | Sede | Località geografica
    Localização
    Locatie | Vestigingsplaats
"""
PHONE: Final = """
    Phone Number | Phone | Telephone | Telephone Number | Tel | Tel. | Primary Phone | Phone No | Phone Numbers | Phones
    Telefonnummer | Telefon | Tel.-Nr. | Rufnummer
    Número de teléfono | Teléfono | Tfno | Tel.
    Numéro de téléphone | Téléphone | Tél | Tél.
    Numero di telefono | Telefono | Tel.
    Número de telefone | Telefone | Fone
    Telefoonnummer | Telefoon | Tel.
"""
DESCRIPTION: Final = """
    Description | About | Overview
    Beschreibung | Info
    Descripción | Acerca de
    Description | À propos
    Descrizione | Informazioni
    Descrição | Sobre
    Beschrijving | Omschrijving
"""
