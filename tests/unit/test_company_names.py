"""Keys of real names and domains against what others made of the same companies; none of them is the truth."""

from pathlib import Path

from benchmarks.company_names import agreements

FOLDER = Path(__file__).parents[1] / "data" / "company_names"


def test_what_agrees_and_what_differs() -> None:
    """The samples hold every pair of names that differs, and some that agree."""
    found = {agreement.file: agreement for agreement in agreements(FOLDER)}
    assert {name: (a.pairs, len(a.differs)) for name, a in found.items()} == {
        "apollo_company_vs_cleaned.csv": (113, 33),
        "suffix_stripped_matches.csv": (72, 32),
        "website_and_email_domain.csv": (120, 0),
    }


def test_what_differs_is_a_matter_of_taste() -> None:
    """Apollo takes "Systems", "Partners" and taglines away; the matches take "Group" and even "Co" of "Vaco"."""
    for agreement in agreements(FOLDER):
        for _, _, ours, theirs in agreement.differs:
            shorter, longer = sorted((ours, theirs), key=len)
            assert longer.startswith(shorter.split()[0])
