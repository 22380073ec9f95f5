"""Below which names anybody can register: the public suffix list, as it came with its package.

Private suffixes count: two shops on `myshopify.com` or two pages on `github.io` are two companies.
"""

from functools import cache

from publicsuffixlist import PublicSuffixList


def domain_of(host: str) -> tuple[str, bool]:
    """The registered domain of a host in lower-case punycode, and whether its suffix is known.

    The domain is "" where nothing stands below the suffix.
    """
    domain = _suffixes().privatesuffix(host)
    return domain or "", domain is not None or _suffixes().publicsuffix(host) is not None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)
