"""What countries are called in German, Spanish, French, Italian, Portuguese and Dutch: as CLDR has it, and commonly.

Only what differs from the English name by more than accents; with the letters of number plates that addresses have.
"""

from typing import Final

_NAMES: Final = """
    AD Andorre | AE Vereinigte Arabische Emirate, Emiratos Árabes Unidos, Émirats arabes unis, Emirati Arabi Uniti,
    Emirados Árabes Unidos, Verenigde Arabische Emiraten, VAE, EAU | AF Afganistán, Afeganistão | AG Antigua und
    Barbuda, Antigua y Barbuda, Antigua-et-Barbuda, Antigua e Barbuda, Antigua en Barbuda | AL Albanien, Albanie |
    AM Armenien, Arménie | AR Argentinien, Argentine, Argentinië | AT Österreich, Autriche, Oostenrijk, A | AU
    Australien, Australie | AZ Aserbaidschan, Azerbaiyán, Azerbaïdjan, Azerbaigian, Azerbaijão, Azerbeidzjan | BA
    Bosnien und Herzegowina, Bosnia y Herzegovina, Bosnie-Herzégovine, Bosnia ed Erzegovina, Bósnia e Herzegovina,
    Bosnië en Herzegovina | BB Barbade | BD Bangladesch, Bangladés, Bangladeche | BE Belgien, Bélgica, Belgique,
    Belgio, België, B | BF Burquina Faso | BG Bulgarien, Bulgarie, Bulgarije | BH Baréin, Bahreïn, Barém | BJ Benim
    | BM Bermudas, Bermudes | BN Brunei Darussalam | BO Bolivien, Bolivie | BR Brasilien, Brasil, Brésil, Brasile,
    Brazilië | BS Baamas | BT Bután, Bhoutan, Butão | BW Botsuana | BY Bielorrusia, Biélorussie, Bielorussia,
    Bielorrússia, Weißrussland, Wit-Rusland | BZ Belice | CA Kanada | CD Demokratische Republik Kongo, República
    Democrática del Congo, République démocratique du Congo, Repubblica Democratica del Congo, República Democrática
    do Congo, Democratische Republiek Congo | CF Zentralafrikanische Republik, República Centroafricana, République
    centrafricaine, Repubblica Centrafricana, República Centro-Africana, Centraal-Afrikaanse Republiek | CG Kongo,
    République du Congo, República del Congo, Repubblica del Congo, República do Congo | CH Schweiz, Suiza, Suisse,
    Svizzera, Suíça, Zwitserland | CI Costa d'Avorio, Costa do Marfim, Ivoorkust, Elfenbeinküste, Costa de Marfil |
    CL Chili, Cile | CM Kamerun, Camerún, Cameroun, Camarões, Kameroen | CN Chine, Cina, Volksrepublik China | CO
    Kolumbien, Colombie | CU Kuba | CV Cabo Verde, Cap-Vert, Capo Verde, Kaapverdië, Kap Verde | CW Curazao, Curaçau
    | CY Zypern, Chipre, Chypre, Cipro | CZ Tschechien, Chequia, Tchéquie, Cechia, Tchéquia, Tsjechië, Tschechische
    Republik, República Checa, République tchèque, Repubblica Ceca, Tsjechische Republiek | DE Deutschland,
    Alemania, Allemagne, Germania, Alemanha, Duitsland, D | DJ Dschibuti, Yibuti, Gibuti, Djibuti, Jibuti | DK
    Dänemark, Dinamarca, Danimarca, Denemarken | DM Dominique | DO Dominikanische Republik, República Dominicana,
    République dominicaine, Repubblica Dominicana, Dominicaanse Republiek | DZ Algerien, Argelia, Algérie, Algerije
    | EC Équateur, Equador | EE Estland, Estonie | EG Ägypten, Egipto, Égypte, Egitto, Egito | ER Érythrée, Eritreia
    | ES Spanien, España, Espagne, Spagna, Espanha, Spanje, E | ET Äthiopien, Etiopía, Éthiopie | FI Finnland,
    Finlandia, Finlande | FJ Fidschi, Fiyi, Fidji, Figi | FO Färöer, Islas Feroe, Îles Féroé, Isole Fær Øer, Ilhas
    Faroé, Faeröer | FR Frankreich, Francia, França, Frankrijk, F | GA Gabun, Gabão | GB Vereinigtes Königreich,
    Reino Unido, Royaume-Uni, Regno Unito, Verenigd Koninkrijk, Großbritannien, Gran Bretaña, Grande-Bretagne, Gran
    Bretagna, Grã-Bretanha, Groot-Brittannië, Inglaterra, Angleterre, Inghilterra, Engeland, Schottland, Escocia,
    Écosse, Scozia, Schotland | GD Granada, Grenade | GE Georgien, Géorgie | GG Guernesey | GH Gana | GI Gibilterra
    | GL Grönland, Groenlandia, Groenland, Gronelândia | GM Gambie | GN Guinée, Guiné | GQ Äquatorialguinea, Guinea
    Ecuatorial, Guinée équatoriale, Guinea Equatoriale, Guiné Equatorial, Equatoriaal-Guinea | GR Griechenland,
    Grecia, Grèce, Griekenland | GY Guiana | HK Hongkong | HR Kroatien, Croacia, Croatie, Croazia, Kroatië | HU
    Ungarn, Hungría, Hongrie, Ungheria, Hongarije | ID Indonesien, Indonésie | IE Irland, Irlanda, Irlande, Ierland,
    Republik Irland | IL Israele | IM Isla de Man, Île de Man, Isola di Man, Ilha de Man | IN Indien, Inde | IQ
    Irak, Iraque | IR Irã, Irão | IS Island, Islandia, Islande, Islanda, IJsland | IT Italien, Italia, Italie, I |
    JM Jamaika, Jamaïque, Giamaica | JO Jordanien, Jordania, Jordanie, Giordania | JP Japón, Giappone, Japão | KE
    Kenia, Quênia | KG Kirgisistan, Kirguistán, Kirghizstan, Kirghizistan, Quirguistão, Kirgizië | KH Kambodscha,
    Camboya, Cambodge, Cambogia, Camboja, Cambodja | KR Südkorea, Corea del Sur, Corée du Sud, Corea del Sud, Coreia
    do Sul, Zuid-Korea, Republik Korea | KW Koweït, Koeweit | KY Kaimaninseln, Islas Caimán, Îles Caïmans, Isole
    Cayman, Ilhas Cayman, Ilhas Caimão, Kaaimaneilanden | KZ Kasachstan, Kazajistán, Kazakistan, Cazaquistão,
    Kazachstan | LB Libanon, Líbano, Liban | LC St. Lucia, Santa Lucía, Sainte-Lucie | LI Listenstaine | LK Sri
    Lanca | LS Lesoto | LT Litauen, Lituania, Lituanie, Litouwen | LU Luxemburg, Luxemburgo, Lussemburgo, L | LV
    Lettland, Letonia, Lettonie, Lettonia, Letland | LY Libyen, Libia, Libye, Libië | MA Marokko, Marruecos, Maroc,
    Marocco, Marrocos | MD Republik Moldau, Moldavia, Moldavie | MG Madagaskar | MK Nordmazedonien, Macedonia del
    Norte, Macédoine du Nord, Macedonia del Nord, Macedônia do Norte, Noord-Macedonië, Mazedonien | MM Birmanie,
    Birmania | MN Mongolei, Mongolie | MO Macau | MR Mauretanien, Mauritanie | MT Malte | MU Mauricio, Maurice,
    Maurícia | MV Malediven, Maldivas, Maldive, Maldiven | MW Malaui | MX Mexiko, Mexique, Messico | MY Malasia,
    Malaisie, Maleisië | MZ Mosambik, Mozambico, Moçambique | NA Namibie | NL Niederlande, Países Bajos, Pays-Bas,
    Paesi Bassi, Países Baixos, Nederland, Holanda, Hollande, Olanda | NO Norwegen, Noruega, Norvège, Norvegia,
    Noorwegen | NZ Neuseeland, Nueva Zelanda, Nouvelle-Zélande, Nuova Zelanda, Nova Zelândia, Nieuw-Zeeland, Nueva
    Zelandia | OM Omã | PE Pérou | PG Papua-Neuguinea, Papúa Nueva Guinea, Papouasie-Nouvelle-Guinée, Papua Nuova
    Guinea, Papua-Nova Guiné, Papoea-Nieuw-Guinea | PH Philippinen, Filipinas, Filippine, Filipijnen | PK Paquistão
    | PL Polen, Polonia, Pologne | PR Porto Rico, Portorico | PS Palästina, Palestina | PT Portogallo, P | PY
    Paraguai | QA Katar, Catar | RO Rumänien, Rumanía, Roumanie, Romênia, Roemenië | RS Serbien, Serbie, Sérvia,
    Servië | RU Russland, Rusia, Russie, Rusland, Russische Föderation | RW Ruanda | SA Saudi-Arabien, Arabia Saudí,
    Arabie saoudite, Arabia Saudita, Saoedi-Arabië | SC Seychellen, Seicheles | SD Soudan, Sudão, Soedan | SE
    Schweden, Suecia, Suède, Svezia, Zweden | SG Singapur, Singapour, Singapura | SI Slowenien, Eslovenia, Slovénie
    | SK Slowakei, Eslovaquia, Slovaquie, Slovacchia, Slowakije, Slowakische Republik | SL Sierra Leona, Serra Leoa
    | SM Saint-Marin, São Marinho | SO Somalie | SR Surinam | SS Südsudan, Sudán del Sur, Soudan du Sud, Sud Sudan,
    Sudão do Sul, Zuid-Soedan | SV Salvador | SY Syrien, Siria, Syrie | SZ Esuatini, Essuatíni | TD Tschad, Tchad,
    Ciad, Chade, Tsjaad | TH Tailandia, Thaïlande, Thailandia | TJ Tadschikistan, Tayikistán, Tadjikistan,
    Tagikistan, Tadjiquistão, Tajiquistão, Tadzjikistan | TM Turcomenistão, Turquemenistão | TN Tunesien, Túnez,
    Tunisie, Tunesië | TR Türkei, Turquía, Turquie, Turchia, Turkije | TT Trinidad und Tobago, Trinidad y Tobago,
    Trinité-et-Tobago, Trinidad e Tobago, Trindade e Tobago, Trinidad en Tobago | TZ Tansania, Tanzanie | UA
    Ucrania, Ucraina, Oekraïne | UG Ouganda, Oeganda | US Vereinigte Staaten, Estados Unidos, États-Unis, Stati
    Uniti, Verenigde Staten, Vereinigte Staaten von Amerika, Estados Unidos de América, EE. UU., EE.UU., États-Unis
    d'Amérique, Stati Uniti d'America, Estados Unidos da América, EUA, Verenigde Staten van Amerika | UY Uruguai |
    UZ Usbekistan, Ouzbékistan, Uzbequistão, Usbequistão, Oezbekistan | VG Britische Jungferninseln, Islas Vírgenes
    Británicas, Îles Vierges britanniques, Isole Vergini Britanniche, Ilhas Virgens Britânicas, Britse
    Maagdeneilanden | VN Viêt Nam, Vietnã, Vietname | YE Jemen, Iêmen | ZA Südafrika, Sudáfrica, Afrique du Sud,
    África do Sul, Zuid-Afrika | ZM Sambia, Zambie | ZW Simbabwe, Zimbabue
"""
NAMES: Final[dict[str, list[str]]] = {
    code: names.split(", ") for code, names in (entry.split(" ", 1) for entry in " ".join(_NAMES.split()).split(" | "))
}
