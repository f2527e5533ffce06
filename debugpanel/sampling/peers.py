"""Who sent a request: the client's address, from a chain whose trust we decide ourselves.

The socket peer is the only address nobody can forge. What forwarding headers say counts only
when that peer is in the configured networks, and then only up to the right-most hop that is
not. python-ipware, which django-ipware stands on, parses single hops; it is called directly
because project-wide `IPWARE_*` settings must not change what is trusted here. "" is unknown.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from python_ipware import IpWare

from debugpanel import guard

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNIX_SOCKET = "unix"
"""The word that admits a peer without an address, such as nginx over a UNIX socket."""

MAX_HOPS = 32
_HOP = "HOP"
_MAX_TOKEN = 64
_KEPT_BITS = {4: 24, 6: 48}

_parser = IpWare(precedence=(_HOP,))


def client_address(remote_addr: str, forwarded_for: str, trusted_networks: Sequence[str]) -> str:
    """Return the client's address; "" in every unclear case. Never raises."""
    try:
        return _client_address(remote_addr, forwarded_for, trusted_networks)
    except Exception as error:
        guard.report("client address", error)
        return ""


def peer_is_trusted(remote_addr: str, networks: Sequence[str]) -> bool:
    """Say whether the socket peer itself is in the networks. Never raises."""
    try:
        return _peer_is_trusted(remote_addr, networks)
    except Exception as error:
        guard.report("client address", error)
        return False


def truncate_address(address: str) -> str:
    """Return the first address of its /24 or /48, or "" for what is no address."""
    try:
        version = ipaddress.ip_address(address).version
        network = ipaddress.ip_network(f"{address}/{_KEPT_BITS[version]}", strict=False)
    except ValueError:
        return ""
    return str(network.network_address)


def _client_address(remote_addr: str, forwarded_for: str, networks: Sequence[str]) -> str:
    if not _peer_is_trusted(remote_addr, networks):
        return _text(_parsed(remote_addr))
    trusted = _usable(networks)
    client: Address | None = _parsed(remote_addr)
    for hop in _hops(forwarded_for):
        client = _parsed(hop)
        if client is None or not _is_in(client, trusted):
            break
    return _text(client)


def _peer_is_trusted(remote_addr: str, networks: Sequence[str]) -> bool:
    if not remote_addr.strip():
        return UNIX_SOCKET in networks
    peer = _parsed(remote_addr)
    return peer is not None and _is_in(peer, _usable(networks))


def _hops(forwarded_for: str) -> Iterable[str]:
    """The chain's hops, nearest first. A longer chain ends with a hop that says nothing."""
    if not forwarded_for.strip():
        return ()
    hops = forwarded_for.rsplit(",", MAX_HOPS)
    if len(hops) > MAX_HOPS:
        hops[0] = ""
    return reversed(hops)


def _parsed(hop: str) -> Address | None:
    if not hop.strip() or len(hop) > _MAX_TOKEN:
        return None
    found, _ = _parser.get_client_ip({_HOP: hop}, strict=True)
    if found is None:
        return None
    address = ipaddress.ip_address(str(found).partition("%")[0])
    address = getattr(address, "ipv4_mapped", None) or address
    return None if address.is_unspecified or address.is_multicast else address


def _usable(networks: Sequence[str]) -> list[Network]:
    return [network for network in map(_network, networks) if network is not None]


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _text(address: Address | None) -> str:
    return "" if address is None else str(address)
