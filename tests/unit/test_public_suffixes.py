"""The public suffix list: which part of a host somebody registered."""

import idna
import pytest
from publicsuffixlist import PSLFILE

from shared.public_suffixes import domain_of


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("acme.com", "acme.com"),
        ("www.shop.acme.co.uk", "acme.co.uk"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("a.b.acme.github.io", "acme.github.io"),
        # `*.kobe.jp` makes a suffix of every name below it, `!city.kobe.jp` but of this one.
        ("www.acme.chuo.kobe.jp", "acme.chuo.kobe.jp"),
        ("www.city.kobe.jp", "city.kobe.jp"),
        ("www.ck", "www.ck"),
        ("acme.xn--p1ai", "acme.xn--p1ai"),
        ("www.acme.xn--55qx5d.cn", "acme.xn--55qx5d.cn"),
    ],
)
def test_the_registered_domain(host: str, domain: str) -> None:
    assert domain_of(host) == (domain, True)


@pytest.mark.parametrize("host", ["co.uk", "com", "myshopify.com", "chuo.kobe.jp", "kobe.jp"])
def test_a_suffix_itself_is_nobody_s(host: str) -> None:
    assert domain_of(host) == ("", True)


@pytest.mark.parametrize("host", ["acme.example", "acme.internal", "localhost", "192.168.0.1"])
def test_a_suffix_that_the_list_does_not_have(host: str) -> None:
    assert domain_of(host) == ("", False)


def test_every_rule_of_the_list_is_one() -> None:
    with open(PSLFILE, encoding="utf-8") as file:
        rules = [line.strip() for line in file if line.strip() and line[0] not in "/*!"]
    assert len(rules) > 9_000
    hosts = {rule: f"a.b.{idna.encode(rule, uts46=True).decode()}" for rule in rules}
    assert [rule for rule, host in hosts.items() if domain_of(host)[0] not in (host[2:], host)] == []
