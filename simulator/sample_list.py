"""Writes made-up lists in the shape of an Apollo contacts export, as large as one likes.

Every person has a LinkedIn URL of their own and every company a domain of its own. As in real exports, about
one e-mail in seven is at another domain than the company's, and phones begin with an apostrophe.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from random import Random

from simulator.vocabulary import (
    FIRST_NAMES,
    INDUSTRIES,
    KEYWORDS,
    LAST_NAMES,
    LEGAL_FORMS,
    PLACES,
    SIZES,
    TECHNOLOGIES,
    TITLES,
    company_words,
)

# The contacts export of October 2025.
_HEADER = (
    "First Name,Last Name,Title,Company Name,Company Name for Emails,Email,Email Status,Primary Email Source,"
    "Primary Email Verification Source,Email Confidence,Primary Email Catch-all Status,"
    "Primary Email Last Verified At,Seniority,Departments,Contact Owner,Work Direct Phone,Home Phone,"
    "Mobile Phone,Corporate Phone,Other Phone,Stage,Lists,Last Contacted,Account Owner,# Employees,Industry,"
    "Keywords,Person Linkedin Url,Website,Company Linkedin Url,Facebook Url,Twitter Url,City,State,Country,"
    "Company Address,Company City,Company State,Company Country,Company Phone,Technologies,Annual Revenue,"
    "Total Funding,Latest Funding,Latest Funding Amount,Last Raised At,Subsidiary of,Email Sent,Email Open,"
    "Email Bounced,Replied,Demoed,Number of Retail Locations,Apollo Contact Id,Apollo Account Id,"
    "Secondary Email,Secondary Email Source,Secondary Email Status,Secondary Email Verification Source,"
    "Tertiary Email,Tertiary Email Source,Tertiary Email Status,Tertiary Email Verification Source"
)
COLUMNS = tuple(_HEADER.split(","))
Cells = dict[str, str]
_SAME_FOR_ALL = {
    "Email Status": "Verified",
    "Primary Email Source": "Apollo",
    "Primary Email Verification Source": "Apollo",
    "Primary Email Catch-all Status": "Not Catch-all",
    "Primary Email Last Verified At": "2025-10-07T07:01:16+00:00",
    "Contact Owner": "owner@agency.example",
    "Account Owner": "owner@agency.example",
    "Stage": "Cold",
    "Lists": "first",
    "Keywords": KEYWORDS,
    "Technologies": TECHNOLOGIES,
    **dict.fromkeys(("Email Sent", "Email Open", "Email Bounced", "Replied"), "false"),
}


def write_list(path: Path, rows: int, people_per_company: int = 5, seed: int = 1) -> None:
    """Write a CSV of `rows` people to `path`; the same arguments write the same bytes."""
    random = Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            [cells.get(column, "") for column in COLUMNS] for cells in _people(rows, people_per_company, random)
        )


def _people(rows: int, people_per_company: int, random: Random) -> Iterator[Cells]:
    company: Cells = {}
    for number in range(rows):
        if number % people_per_company == 0:
            company = _company(number // people_per_company, random)
        yield {**company, **_person(number, company, random)}


def _company(number: int, random: Random) -> Cells:
    words, place = company_words(number), random.choice(PLACES)
    size, slug = random.choice(SIZES), f"{words.lower()}-{number}"
    phone = f"'+1 555 {number % 10_000_000:07}"
    return {
        **_SAME_FOR_ALL,
        "Company Name": f"{words} {number}{random.choice(LEGAL_FORMS)}",
        "Company Name for Emails": f"{words} {number}",
        "# Employees": str(size[1]),
        "Industry": random.choice(INDUSTRIES)[0].lower(),
        "Website": f"http://www.{slug}.example",
        "Company Linkedin Url": f"http://www.linkedin.com/company/{slug}",
        "Twitter Url": f"https://twitter.com/{slug}",
        "Company Address": f"{number % 900 + 1} Example Street, {place[0]}, {place[1]}, {place[2]}",
        "Company City": place[0],
        "Company State": place[1],
        "Company Country": place[2],
        "Corporate Phone": phone,
        "Company Phone": phone,
        "Annual Revenue": str(size[1] * 150_000),
        "Last Raised At": f"{random.randint(2019, 2025)}-0{random.randint(1, 9)}-01T00:00:00+00:00",
        "Apollo Account Id": f"{random.getrandbits(96):024x}",
    }


def _person(number: int, company: Cells, random: Random) -> Cells:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    place, host = random.choice(PLACES), company["Website"].removeprefix("http://www.")
    domain = host if random.random() > 0.15 else f"mail-{host}"
    return {
        "First Name": first,
        "Last Name": last,
        "Title": random.choice(TITLES),
        "Email": f"p{number}.made-up@{domain}",
        "Person Linkedin Url": f"http://www.linkedin.com/in/made-up-{number:x}-{random.getrandbits(24):06x}",
        "City": place[0],
        "State": place[1],
        "Country": place[2],
        "Apollo Contact Id": f"{random.getrandbits(96):024x}",
    }
