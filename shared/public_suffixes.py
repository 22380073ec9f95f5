"""Below which names anybody can register: the public suffix list, as it came with its package.

Private suffixes count: two shops on `myshopify.com` or two pages on `github.io` are two companies.
"""

from functools import cache

from publicsuffixlist import PSLFILE


def domain_of(host: str) -> tuple[str, bool]:
    """The registered domain of a host in lower-case punycode, and whether its suffix is known.

    The domain is "" where nothing stands below the suffix. The most labels win; `!city.kobe.jp` is an exception to
    `*.kobe.jp`, which does not make a suffix of `kobe.jp` itself.
    """
    labels = host.split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        if "!" + name in _rules():
            return name, True
        if name in _rules() or "*." + name.partition(".")[2] in _rules():
            return ".".join(labels[start - 1 :]) if start else "", True
    return "", False


@cache
def _rules() -> frozenset[str]:
    with open(PSLFILE, encoding="utf-8") as file:
        rules = (line.split(maxsplit=1)[0] for line in file if line.strip() and not line.startswith("//"))
        return frozenset(rule if rule.isascii() else _in_punycode(rule) for rule in rules)


def _in_punycode(rule: str) -> str:
    """The list's labels are in their normal form already, which is what idna takes its time for."""
    labels = rule.split(".")
    return ".".join(one if one.isascii() else f"xn--{one.encode('punycode').decode('ascii')}" for one in labels)
