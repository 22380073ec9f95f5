"""Addresses that something can be POSTed to, and those that nothing ever can."""

import pytest

from shared.webhook_address import unusable

NEVER = [
    "http://a..b/", f"http://{'a' * 300}/", f"http://a.{'b' * 64}.com/", f"http://{'.'.join(['a' * 60] * 5)}/",
    "http://[::1", "http://[x]/", "http://:80", "http://x:99999999/", "http://x:0/", "http://x:port",
    "http://@/", "http://?x", "http://", "http://exa mple/", "http://x\\y/", "http://a%b/", "http://*.x/", "x", "",
    "ftp://x/y", "file:///etc/passwd", "http://x/\0", "http://x/a\nb", "http://\ud800/",
]  # fmt: skip


@pytest.mark.parametrize("url", [
    "https://api.clay.com/v3/sources/webhook/pull-in-data-from-a-webhook-1?x=1#y", "http://127.0.0.1:8200/webhook/x",
    "http://[::1]:80", "http://[fe80::1%25eth0]/", "http://simulator:8200", "http://my_host", "https://bücher.de/ö",
    "https://acme.com.", "http://acme.com:/x", "http://acme.com/@x?y=a@b",
])  # fmt: skip
def test_what_can_be_called(url: str) -> None:
    assert unusable(url) is None


@pytest.mark.parametrize("url", NEVER)
def test_what_never_can(url: str) -> None:
    assert "is no address of a webhook" in str(unusable(url))


@pytest.mark.parametrize("url", ["https://user:word@acme.com:8443/", "http://word@acme.com", "http://:word@[::1]/"])
def test_a_password_is_not_kept_in_an_address(url: str) -> None:
    wrong = str(unusable(url))
    assert "`webhook_auth`" in wrong
    assert "word@" not in wrong
