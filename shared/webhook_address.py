"""Where a webhook can be. Pure: whether anybody is there, and may be called, shows when it is called."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(rb"[A-Za-z0-9_.-]{1,253}", re.ASCII)


def unusable(url: str) -> str | None:
    """Why nothing can be POSTed to this address, or nobody should write it down; None where something can."""
    try:
        parts = urlsplit(url)
        usable = _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        usable = False
    if usable and "@" in parts.netloc:
        return "it has a user or a password before the host, which the log would keep: name a secret by `webhook_auth`"
    if usable and parts.scheme in ("http", "https") and url.isprintable():
        return None
    return f"{url[:80]!r} is no address of a webhook: it is http:// or https://, a host, perhaps a port, and a path"


def _is_host(name: str) -> bool:
    """Raises ValueError, as a part of a name that is empty or too long for the network's names does."""
    if ":" in name:
        return bool(ip_address(name))
    return _HOST.fullmatch(name.encode("idna")) is not None
