"""The guard: which URLs may be asked and which addresses may be dialled.

Feeds, pages and pictures name hosts that strangers chose, so each URL is judged twice: as text
before anything is sent (`check_url`, on every hop of a redirect) and as addresses at the moment of
dialling (`check_addresses`, on all answers of the resolver, so that no later answer can differ).

Ports: 80, 443, 8080 and 8443. Any port is open where the operator named the network himself in
`allow_networks`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from ada_url import URL

from pipeline.errors import Rejected
from pipeline.urls import resolve

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

#: Where public web servers listen; others are mail, databases and the like.
PORTS = frozenset({80, 443, 8080, 8443})
#: What the WHATWG parser would drop or keep in silence: line breaks and other controls (they could
#: forge a log line or a header), marks that turn the direction of text, lone surrogates.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
#: The only IPv6 block that IANA has handed out for use on the Internet.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
#: Not reachable as a web server on the Internet although `ipaddress` of some Python calls them
#: global (IANA special-purpose address registries).
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "224.0.0.0/4",  # multicast
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation, RFC 9637
    )
)
#: IPv6 blocks that carry an IPv4 address, and how far to the right it lies. The local NAT64 block
#: 64:ff9b:1::/48 (RFC 8215) is absent: where in it the address lies is each network's own choice,
#: so all of it stays closed, and so does Teredo.
_CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0),  # v4-mapped, RFC 4291
    (IPv6Network("::/96"), 0),  # v4-compatible, RFC 4291
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_LOOPBACK = IPv4Address("127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that may be asked."""

    #: WHATWG serialisation, printable ASCII, without user-info.
    url: str
    #: Lower case, punycode, IPv6 without brackets.
    host: str
    port: int


class Guard:
    """What one installation lets through."""

    def __init__(self, allow_networks: Sequence[Network] = (), *, proxied: bool = False) -> None:
        """Open `allow_networks` besides the Internet.

        `proxied`: names are left to a proxy that must filter them itself; literal addresses are
        judged all the same.
        """
        self._networks = tuple(allow_networks)
        self._proxied = proxied

    def check_url(self, url: str, *, base: str = "") -> Target:
        """Return where `url`, seen from `base`, leads.

        Raise Rejected: ``bad-url``, ``blocked-address`` or ``blocked-port``.
        """
        text = url.strip(" ")
        resolved = None if _CONTROLS.search(text) else resolve(base, text)
        if resolved is None:
            raise Rejected("bad-url")
        parsed = URL(resolved)
        host = parsed.hostname.strip("[]")
        port = int(parsed.port or (443 if parsed.protocol == "https:" else 80))
        if (literal := literal_address(host)) is not None:
            self.check_addresses([str(literal)], port)
        elif port not in PORTS and (self._proxied or not self._networks):
            raise Rejected("blocked-port", str(port))
        return Target(url=resolved, host=host, port=port)

    def check_addresses(self, answers: Sequence[str], port: int) -> list[str]:
        """Return the resolver's `answers` once each, all of which may be dialled at `port`.

        One bad answer condemns them all: a resolver that mixes is a resolver that lies. Raise
        Rejected: ``dns``, ``blocked-address`` or ``blocked-port``.
        """
        try:
            addresses = [ip_address(answer.partition("%")[0]) for answer in answers]
        except ValueError as error:
            raise Rejected("dns", str(error)) from error
        if not addresses:
            raise Rejected("dns", "no address")
        for address in addresses:
            if not (is_public(address) or self._is_allowed(address)):
                raise Rejected("blocked-address", str(address))
        if port not in PORTS and not all(map(self._is_allowed, addresses)):
            raise Rejected("blocked-port", str(port))
        return list(dict.fromkeys(map(str, addresses)))

    def _is_allowed(self, address: Address) -> bool:
        """Say whether the operator opened the network of `address`, or of the IPv4 in it."""
        forms = (address, _unwrapped(address))
        return any(form in network for form in forms for network in self._networks)


def is_public(address: Address) -> bool:
    """Say whether `address`, or the IPv4 address it carries, is one of the public Internet."""
    address = _unwrapped(address)
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not any(address in network for network in _SPECIAL)


def literal_address(host: str) -> Address | None:
    """Return the address that `host` spells, None for a name.

    ``localhost`` and all below it are loopback wherever they are looked up (RFC 6761, section 6.3).
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return _LOOPBACK
    try:
        return ip_address(name)
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries, any other address as it is."""
    if isinstance(address, IPv6Address):
        for carrier, shift in _CARRIERS:
            if address in carrier:
                return IPv4Address(int(address) >> shift & 0xFFFF_FFFF)
    return address
