"""The words that made-up people and companies consist of. None of them describes a real person."""

FIRST_NAMES = (
    "Ada", "Bruno", "Chiara", "Dmitri", "Élodie", "Farid", "Greta", "Hiro", "Inés", "Jonas", "Katya", "Lars",
    "Mina", "Nils", "Ödön", "Priya", "Quentin", "Rosa", "Søren", "Tomasz", "Uma", "Viktor", "Wanda", "Yusuf",
)  # fmt: skip
LAST_NAMES = (
    "Abernook", "Brandeker", "Castellmor", "Dunwhistle", "Eskelmann", "Fjordvik", "Gallowmere", "Hartevelt",
    "Iverness", "Jürgenhof", "Kowalsdorf", "Lindqvale", "Marchetta", "Norrström", "Okonwelle", "Prüferin",
    "Quillby", "Rosenthorn", "Silverado-Paz", "Tanakura", "Underhay", "Vasquelle", "Winterborn", "Zielnik",
)  # fmt: skip
TITLES = (
    "Chief Executive Officer", "VP of Sales", "Head of Marketing", "Founder and CEO", "Account Executive",
    "Director of Operations", "Marketing Manager", "Chief Technology Officer", "Revenue Operations Lead",
    "Product Manager", "Head of People", "Customer Success Manager", "Sales Development Representative",
)  # fmt: skip
COMPANY_STARTS = (
    "Bright", "North", "Silver", "Clear", "Iron", "Blue", "Stone", "Swift", "Amber", "Cedar", "Lumen",
    "Harbor", "Quiet", "River", "Summit", "Velvet",
)  # fmt: skip
COMPANY_ENDS = (
    "forge", "peak", "grid", "field", "works", "path", "bridge", "wave", "stack", "mill", "point", "craft",
    "loop", "yard", "signal",
)  # fmt: skip
LEGAL_FORMS = (", Inc.", " GmbH", " Ltd", " LLC", " S.A.", "", "", "")
INDUSTRIES = (
    ("Software Development", "Software and IT", "Enterprise Software Solutions"),
    ("IT Services and IT Consulting", "Software and IT", "IT Consulting"),
    ("Financial Services", "Finance", "Payments"),
    ("Hospitals and Health Care", "Health Care", "Digital Health"),
    ("Manufacturing", "Industry", "Industrial Machinery"),
    ("Advertising Services", "Media and Marketing", "Performance Marketing"),
    ("Truck Transportation", "Logistics", "Road Freight"),
)
# city, state, country, ISO code, postal code, LinkedIn's name of the area
PLACES = (
    ("San Francisco", "CA", "United States", "US", "94110", "San Francisco Bay Area"),
    ("New York", "NY", "United States", "US", "10013", "New York City Metropolitan Area"),
    ("Austin", "TX", "United States", "US", "78701", "Austin, Texas Metropolitan Area"),
    ("London", "England", "United Kingdom", "GB", "EC2A 4NE", "London Area, United Kingdom"),
    ("Munich", "Bavaria", "Germany", "DE", "80331", "Greater Munich Metropolitan Area"),
    ("Vienna", "Vienna", "Austria", "AT", "1010", "Vienna, Austria"),
    ("Toronto", "ON", "Canada", "CA", "M5V 2T6", "Greater Toronto Area, Canada"),
)
# size band, a head count in it, annual revenue band, funding band
SIZES = (
    ("2-10 employees", 7, "0-500K", None),
    ("11-50 employees", 27, "1M-5M", "$1M - $5M"),
    ("51-200 employees", 118, "10M-25M", "$50M - $100M"),
    ("201-500 employees", 340, "25M-75M", "$25M - $50M"),
    ("1,001-5,000 employees", 2210, "200M-500M", "$100M - $250M"),
)
COMPANY_TYPES = ("Privately Held", "Public Company", "Partnership", "Self-Owned", "Nonprofit")
TECHNOLOGIES = "Cloudflare DNS, Gmail, Google Apps, Amazon AWS, Google Tag Manager, React, AI"
KEYWORDS = "b2b, saas, workflow automation, data infrastructure, account based marketing, analytics, platform"


def company_words(number: int) -> str:
    """A company's name in two joined words, as `Brightforge`; distinct for 240 numbers in a row."""
    starts, ends = divmod(number, len(COMPANY_ENDS))
    return COMPANY_STARTS[starts % len(COMPANY_STARTS)] + COMPANY_ENDS[ends]
