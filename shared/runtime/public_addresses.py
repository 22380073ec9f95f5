"""Which addresses a POST may go to: those of the public network. URLs are the tenants', the networks inside are not.

What is looked at is the address of each connection: no name that leads inside gets by, at its second look-up either.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from aiohttp import AddrInfoType

_TRANSLATED: Final = ip_network("64:ff9b::/96")  # an IPv4 address, as networks without IPv4 reach it
# Global by their numbers: old site-local ones, and those at which clouds tell a machine about itself.
_INSIDE: Final = tuple(ip_network(text) for text in ("fec0::/10", "192.0.0.0/24", "168.63.129.16/32"))
_NAMES_INSIDE: Final = (".localhost", ".local", ".internal")


class NotPublic(OSError):
    """The address is not one of the public network."""

    def __init__(self) -> None:
        super().__init__("not an address of the public network")


def is_public(host: str) -> bool:
    """Whether an address, as text, is one of the public network."""
    address = _meant(ip_address(host))
    inside = any(address in network for network in _INSIDE)
    return address.is_global and not (address.is_multicast or address.is_reserved or inside)


def leads_inside(url: str) -> bool:
    """Whether the host of a URL is one that others cannot reach: no public address, or a name of one network only."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return True
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith(_NAMES_INSIDE)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def public_socket(info: AddrInfoType) -> socket.socket:
    """A socket for a connection to a public address. Raises NotPublic for any other."""
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise NotPublic
    return socket.socket(family, kind, protocol)
