from __future__ import annotations

import pytest

from debugpanel import guard
from debugpanel.sampling import peers
from debugpanel.sampling.peers import client_address, peer_is_trusted, truncate_address

PROXY = "10.0.0.1"
NETWORKS = ("10.0.0.0/8",)
CLIENT = "198.51.100.7"

CHAINS = [
    # peer, X-Forwarded-For, networks, the client
    ("no proxies: the peer is the client", CLIENT, "", (), CLIENT),
    ("a direct peer cannot forge", CLIENT, "203.0.113.9", (), CLIENT),
    ("a peer outside the networks cannot forge", CLIENT, "203.0.113.9", NETWORKS, CLIENT),
    ("a proxy that is not configured is the client", PROXY, CLIENT, (), PROXY),
    ("an honest chain", PROXY, CLIENT, NETWORKS, CLIENT),
    ("two proxies", PROXY, f"{CLIENT}, 10.9.9.9", NETWORKS, CLIENT),
    ("a forged left part is not read", PROXY, f"203.0.113.9, {CLIENT}", NETWORKS, CLIENT),
    ("a forged inner address is not read", PROXY, f"10.0.0.7, {CLIENT}", NETWORKS, CLIENT),
    ("garbage on the left is not read", PROXY, f"<script>, {CLIENT}", NETWORKS, CLIENT),
    ("garbage where the client stands", PROXY, "garbage", NETWORKS, ""),
    ("garbage between client and proxy", PROXY, f"{CLIENT}, garbage, 10.0.0.2", NETWORKS, ""),
    ("an empty hop", PROXY, f"{CLIENT}, ", NETWORKS, ""),
    ("the word unknown", PROXY, "unknown", NETWORKS, ""),
    ("a proxy that forwards nothing is the client", PROXY, "", NETWORKS, PROXY),
    ("only our own hops: the farthest", PROXY, "10.0.0.7, 10.0.0.8", NETWORKS, "10.0.0.7"),
    ("a port after the client", PROXY, f"{CLIENT}:51544", NETWORKS, CLIENT),
    ("a port after the peer", f"{CLIENT}:51544", "", (), CLIENT),
    ("IPv6", PROXY, "2001:db8::7", NETWORKS, "2001:db8::7"),
    ("IPv6 in brackets with a port", PROXY, "[2001:db8::7]:443", NETWORKS, "2001:db8::7"),
    ("IPv6 with a zone", PROXY, "fe80::7%eth0", NETWORKS, "fe80::7"),
    ("an IPv6 proxy", "2001:db8::1", CLIENT, ("2001:db8::/32",), CLIENT),
    ("IPv4 mapped in IPv6 is IPv4", "::ffff:10.0.0.1", f"::ffff:{CLIENT}", NETWORKS, CLIENT),
    ("a network given as one address", PROXY, CLIENT, (PROXY,), CLIENT),
    ("a network with host bits", PROXY, CLIENT, ("10.0.0.77/8",), CLIENT),
    ("no peer address", "", CLIENT, NETWORKS, ""),
    ("a UNIX socket that is not admitted", "", CLIENT, NETWORKS, ""),
    ("a UNIX socket that is", "", CLIENT, ("unix",), CLIENT),
    ("a UNIX socket, then a proxy", "", f"{CLIENT}, {PROXY}", ("unix", *NETWORKS), CLIENT),
    ("a UNIX socket that forwards nothing", "", "", ("unix",), ""),
    ("unix admits no address", PROXY, CLIENT, ("unix",), PROXY),
    ("a network that is none", PROXY, CLIENT, ("ten/8",), PROXY),
    ("a network that is none beside one", PROXY, CLIENT, ("ten/8", *NETWORKS), CLIENT),
    ("a peer that is no address", "proxy.internal", CLIENT, NETWORKS, ""),
    ("an address nobody has", PROXY, "0.0.0.0", NETWORKS, ""),
    ("an address of many", PROXY, "224.0.0.1", NETWORKS, ""),
    ("a number that is no address", PROXY, "999.1.1.1", NETWORKS, ""),
    ("NUL and surrogates", PROXY, "\x00\ud800", NETWORKS, ""),
    ("a chain longer than we read", PROXY, f"{CLIENT}," + "10.0.0.2," * 40 + PROXY, NETWORKS, ""),
    ("a hop longer than any address", PROXY, "1" * 100_000, NETWORKS, ""),
]


@pytest.mark.parametrize(
    ("remote_addr", "forwarded_for", "networks", "client"),
    [row[1:] for row in CHAINS],
    ids=[row[0] for row in CHAINS],
)
def test_the_client_is_the_right_most_hop_that_is_not_ours(
    remote_addr, forwarded_for, networks, client
):
    assert client_address(remote_addr, forwarded_for, networks) == client


@pytest.mark.parametrize(
    "settings_of_the_project",
    [
        {"IPWARE_META_PROXY_COUNT": 1},
        {"IPWARE_META_PRECEDENCE_ORDER": ["HTTP_X_FAKE"]},
        {"IPWARE_ALGORITHM": "legacy"},
    ],
)
def test_the_projects_ipware_settings_change_nothing(settings, settings_of_the_project):
    for name, value in settings_of_the_project.items():
        setattr(settings, name, value)
    assert client_address(PROXY, f"203.0.113.9, {CLIENT}", NETWORKS) == CLIENT


def test_a_parser_that_raises_means_unknown(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("broken release")

    monkeypatch.setattr(peers._parser, "get_client_ip", fail)
    monkeypatch.setattr(guard, "raises_errors", False)
    monkeypatch.setattr(guard, "breakers", {})
    assert client_address(PROXY, CLIENT, NETWORKS) == ""
    assert peer_is_trusted(PROXY, NETWORKS) is False
    assert guard.breakers["client address"].total_failures == 2


@pytest.mark.parametrize(
    ("remote_addr", "networks", "trusted"),
    [
        (PROXY, NETWORKS, True),
        (CLIENT, NETWORKS, False),
        (PROXY, (), False),
        ("", NETWORKS, False),
        ("", ("unix",), True),
        ("::ffff:10.0.0.1", NETWORKS, True),
        ("garbage", NETWORKS, False),
    ],
)
def test_only_the_socket_peer_itself_is_trusted(remote_addr, networks, trusted):
    assert peer_is_trusted(remote_addr, networks) is trusted


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("198.51.100.7", "198.51.100.0"),
        ("2001:db8:1:2::7", "2001:db8:1::"),
        ("::1", "::"),
        ("fe80::7%eth0", "fe80::"),
        ("", ""),
        ("garbage", ""),
        ("198.51.100.0/24", ""),
    ],
)
def test_a_stored_address_stands_for_its_neighbours(address, kept):
    assert truncate_address(address) == kept
