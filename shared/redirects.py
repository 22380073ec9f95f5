"""Links that lead through somebody else's server: search results, exits of networks, mail scanners, archives. Pure.

Nothing is fetched: only links that carry where they lead are unwrapped. Short links (bit.ly, lnkd.in) do not.
"""

import re
from typing import Final
from urllib.parse import parse_qs, unquote

_HOST: Final = r"^(?:https?:)?/{0,2}(?:[\w-]+\.)*?"
_BY_PARAMETER: Final = re.compile(
    _HOST + r"(?:google\.[a-z.]{2,6}/(?:url|imgres|translate)|facebook\.com/l\.php|instagram\.com/?|reddit\.com/?"
    r"|linkedin\.com/(?:redir|safety|authwall|checkpoint)[\w/-]*|safelinks\.protection\.outlook\.com/?|youtube\.com/redirect"
    r"|slack-redir\.net/link|vk\.com/away\.php|umblr\.com/redirect|duckduckgo\.com/l/?|linksynergy\.com/deeplink"
    r"|urldefense\.proofpoint\.com/v\d/url|getpocket\.com/redirect|medium\.com/r/?)\?(.+)$",
    re.I,
)
_PARAMETERS: Final = ("url", "u", "q", "target", "to", "z", "uddg", "murl", "sessionredirect", "session_redirect")
_BY_PATH: Final = re.compile(
    _HOST + r"(?:web\.archive\.org/web/\w+/|urldefense\.com/v3/__|href\.li/\?|anonym\.to/\?)"
    r"(https?:/{1,2}[^\s]+?)(?:__;.*)?$",
    re.I,
)
_MOST: Final = 5
_LONGEST: Final = 8_000


def unwrapped(link: str) -> str:
    """Where a link leads, or the link itself when it leads nowhere else."""
    for _ in range(_MOST if len(link) <= _LONGEST else 0):
        target = _target(link)
        if target is None:
            break
        link = target
    return link


def _target(link: str) -> str | None:
    if "?" not in link and "/http" not in link and "__http" not in link:
        return None
    if by_path := _BY_PATH.match(link):
        return by_path[1]
    by_parameter = _BY_PARAMETER.match(link)
    if by_parameter is None:
        return None
    try:
        said = {name.lower(): values[0] for name, values in parse_qs(by_parameter[1], max_num_fields=100).items()}
    except ValueError:
        return None
    value = next((said[name] for name in _PARAMETERS if name in said), None)
    if value is None:
        return None
    if "proofpoint" in link.lower():  # `https-3A__acme.com_about`
        value = unquote(re.sub(r"-([0-9A-F]{2})", r"%\1", value).replace("_", "/"))
    return value if re.match(r"(?:https?:)?//|www\.|[\w.-]+\.[a-z]{2,}", value, re.I) else None
