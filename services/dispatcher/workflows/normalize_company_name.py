"""Sets `company_name_normalized`: the company's name as a person would say it.

Legal forms, taglines, brackets and trademark signs go; casing stays as the company writes it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from shared.canonical import clean_cell
from shared.legal_forms import plain_words, without_legal_form

_SIGNS: Final = re.compile("[®™©℠](?!\\w)|[\ufe0e\ufe0f\u2600-\u27bf\U0001f000-\U0001faff]")
_BRACKETS_AT_END: Final = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_TAGLINE: Final = re.compile(r"\s+[|–—•·-]\s+|\s*\|\s+|:\s+")
_BRANCH: Final = re.compile(r",?\s+(?:inc|llc|ltd|corp)\.?-\w[\w ]*$", re.I)  # "Altenew, LLC-Corporate"
_TRAILING: Final = " ,;|&-–—"


def run(fields: Mapping[str, Any]) -> dict[str, Any]:
    """`{"company_name_normalized": "Cloudburst"}` for "Cloudburst, SBC"; `{}` without a name."""
    name = clean_cell(fields.get("company_name"))
    return {"company_name_normalized": readable(name)} if name else {}


def readable(name: str) -> str:
    """The name without what only lawyers and marketers need, or `name` when nothing would be left."""
    bare = " ".join(name.split())
    while (shorter := _one_step(bare)) != bare:
        bare = shorter
    return bare


def _one_step(name: str) -> str:
    for shorter in (
        " ".join(_SIGNS.sub(" ", name).split()),
        _BRACKETS_AT_END.sub("", name),
        _TAGLINE.split(name, maxsplit=1)[0],
        _BRANCH.sub("", name),
        without_legal_form(name),
        name.strip(_TRAILING),
    ):
        if shorter != name and plain_words(shorter):
            return shorter
    return name
