"""Which addresses are of the public network, in every manner that one can be written."""

import pytest

from shared.runtime.public_addresses import is_public, leads_inside


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", [
    "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.17.0.2", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.0.192", "168.63.129.16", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:db8::1",
])  # fmt: skip
def test_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("url", ["https://leads.example.com", "http://8.8.8.8:8104/x", "https://[2606:4700::1111]/"])
def test_a_url_that_others_reach(url: str) -> None:
    assert not leads_inside(url)


@pytest.mark.parametrize("url", [
    "http://callbacks:8104", "http://localhost", "http://127.0.0.1:8104", "http://[::1]:8104", "http://10.1.2.3",
    "http://box.local", "http://db.internal", "http://[broken", "", "no url",
])  # fmt: skip
def test_a_url_that_others_do_not_reach(url: str) -> None:
    assert leads_inside(url)
