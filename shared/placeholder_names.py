"""What stands where the name of an employer or an address belongs, and is none: `Self-employed`, `Confidential` ...

Owns the lists; that of names has the languages that exports come in. Whole names only: "Freelance GmbH" and "Stealth
Wear" are companies.
"""

from typing import Final

from shared.legal_forms import plain_words

_NAMES: Final = """
    self-employed | self employment | self | self-employed/freelance | freelance | freelancer | freelancing
    freelance/self-employed | independent | independent consultant | independent contractor | independent professional
    own business | sole trader | sole proprietor | contractor | consultant | various | various companies | myself
    stealth | stealth mode | stealth startup | stealth mode startup | stealth company | stealth mode company
    stealth ai startup | in stealth | startup in stealth mode | confidential | confidential company | undisclosed
    unemployed | not employed | between jobs | in transition | career break | looking for work | open to work
    looking for new opportunities | open to opportunities | seeking new opportunities | retired | student | homemaker
    n/a | not applicable | not available | unknown | not specified | no company | none | private | private individual
    n.a. | tbd
    selbständig | selbstständig | selbstständige | freiberuflich | freiberufler | freischaffend | arbeitslos
    arbeitssuchend | arbeitsuchend | auf jobsuche | im ruhestand | ruhestand | rentner | rentnerin | pensioniert
    studentin
    vertraulich | privat | privatperson | unbekannt | keine angabe | k. a.
    indépendant | indépendante | travailleur indépendant | consultant indépendant | à son compte | auto-entrepreneur
    autoentrepreneur | micro-entrepreneur | sans emploi | en recherche d'emploi | à la recherche d'un emploi | retraité
    retraitée | étudiant | étudiante | confidentiel | inconnu | particulier | non renseigné
    autónomo | autónoma | trabajador autónomo | por cuenta propia | independiente | desempleado | desempleada
    en búsqueda de empleo | en búsqueda activa | jubilado | jubilada | estudiante | confidencial | desconocido | ninguna
    autônomo | autônoma | profissional autônomo | profissional liberal | por conta própria | trabalhador independente
    desempregado | desempregada | em busca de recolocação | aposentado | aposentada | reformado | reformada | estudante
    libero professionista | libera professionista | lavoratore autonomo | in proprio | disoccupato | disoccupata
    in cerca di lavoro | in cerca di occupazione | pensionato | pensionata | in pensione | studente | studentessa
    riservato
    zelfstandig | zelfstandige | zelfstandig ondernemer | zzp | zzp'er | eigen baas | werkloos | werkzoekend
    met pensioen
    gepensioneerd | vertrouwelijk | onbekend | geen
"""
PLACEHOLDERS: Final = frozenset(plain_words(name) for line in _NAMES.split("\n") for name in line.split("|")) - {""}
LOCKED_ADDRESSES: Final = frozenset({"email_not_unlocked@domain.com"})  # Apollo, of everybody whose address costs extra
