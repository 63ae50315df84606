from __future__ import annotations

from ipaddress import ip_address, ip_network

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Rejected
from pipeline.io.guard import Guard, is_public, literal_address

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1",
    "172.31.255.255", "192.168.0.1", "100.64.0.1", "169.254.169.254", "198.18.0.1", "192.0.0.1",
    "192.0.0.8", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::2", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "ff0e::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:224.0.0.1", "::7f00:1", "::a00:1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "64:ff9b:1::808:808",
    "64:ff9b:1:a00:1::", "2002:7f00:1::", "2002:a00:1::1", "2002:e000:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:0:7f00:1::", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1", "4000::1", "::ffff:0:7f00:1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "198.20.0.1",
    "2606:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1", "2001:4860:4860::8888",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_the_internets_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@settings(max_examples=200)
@given(st.ip_addresses(v=4).filter(lambda address: not is_public(address)))
def test_no_ipv6_form_makes_a_private_address_public(address: object) -> None:
    number = int(ip_address(str(address)))
    forms = [number, 0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80]

    assert not any(is_public(ip_address(form.to_bytes(16, "big"))) for form in forms)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1/", "blocked-address"),
        ("http://[::1]/", "blocked-address"),
        ("http://localhost/", "blocked-address"),
        ("http://a.LOCALHOST./", "blocked-address"),
        ("http://127.0.0.1:22/", "blocked-address"),
        ("http://8.8.8.8:22/", "blocked-port"),
        ("http://example.org:22/", "blocked-port"),
        ("http://example.org:25/", "blocked-port"),
        ("http://example.org:6379/", "blocked-port"),
        ("http://example.org:0/", "blocked-port"),
        ("http://example.org:99999/", "bad-url"),
        ("http://example.org:-1/", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("gopher://example.org/", "bad-url"),
        ("ftp://example.org/", "bad-url"),
        ("data:text/html,x", "bad-url"),
        ("javascript:alert(1)", "bad-url"),
        ("jar:http://example.org/x.jar!/", "bad-url"),
        ("http://exa\r\nmple.org/", "bad-url"),
        ("http://example.org/\r\nX-Injected: 1", "bad-url"),
        ("http://example.org/\n", "bad-url"),
        ("http://example.org/\x00", "bad-url"),
        ("http://exa mple.org/", "bad-url"),
        ("http://example.org/\u202egpj.exe", "bad-url"),
        ("http://example.org/\ud800", "bad-url"),
        (f"http://{'a' * 70}.org/", "bad-url"),
        (f"http://{'a.' * 150}org/", "bad-url"),
        ("http://xn--/", "bad-url"),
        (f"http://example.org/{'a' * 100_000}", "bad-url"),
        ("", "bad-url"),
        ("//host/x", "bad-url"),
        ("http:///x", "bad-url"),
        ("relative/link", "bad-url"),
        ("http://", "bad-url"),
        ("http://[::1", "bad-url"),
        ("http://1.2.3.4.5/", "bad-url"),
        ("http://999.1.1.1/", "bad-url"),
        ("http://[fe80::1%25eth0]/", "bad-url"),
    ],
)
def test_a_url_that_must_not_be_asked_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(Rejected) as refused:
        Guard().check_url(url)

    assert refused.value.reason == reason


def test_a_good_url_comes_back_in_one_form_without_user_and_password() -> None:
    target = Guard().check_url(" HTTPS://user:secret@Exämple.ORG:443/A b?q=ü#part")

    assert (target.host, target.port) == ("xn--exmple-cua.org", 443)
    assert target.url == "https://xn--exmple-cua.org/A%20b?q=%C3%BC#part"


def test_a_relative_url_is_seen_from_its_base() -> None:
    target = Guard().check_url("../b", base="http://example.org:8080/x/y/z")

    assert (target.url, target.port) == ("http://example.org:8080/x/b", 8080)


def test_the_ports_of_web_servers_are_open() -> None:
    for port in (80, 443, 8080, 8443):
        assert Guard().check_url(f"http://example.org:{port}/").port == port


def test_every_port_is_open_in_a_network_the_operator_named() -> None:
    guard = Guard([ip_network("10.1.0.0/16")])

    assert guard.check_url("http://10.1.2.3:9000/").port == 9000
    assert guard.check_addresses(["10.1.2.3"], 22) == ["10.1.2.3"]


def test_a_named_network_opens_nothing_beside_it() -> None:
    guard = Guard([ip_network("10.1.0.0/16")])

    for url in ("http://10.2.0.1/", "http://127.0.0.1/", "http://[::1]/"):
        with pytest.raises(Rejected, match="blocked-address"):
            guard.check_url(url)
    with pytest.raises(Rejected, match="blocked-port"):
        guard.check_addresses(["10.1.2.3", "93.184.216.34"], 9000)


def test_a_named_network_counts_in_every_form_of_its_addresses() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00:1::/32"), ip_network("::1/128")])

    for address in ("::ffff:10.1.0.1", "64:ff9b::a01:1", "fd00:1::5", "::1"):
        assert guard.check_addresses([address], 8000) == [str(ip_address(address))]


def test_one_bad_answer_condemns_them_all() -> None:
    with pytest.raises(Rejected, match=r"blocked-address: 10\.0\.0\.1"):
        Guard().check_addresses(["93.184.216.34", "10.0.0.1"], 80)


@pytest.mark.parametrize("answers", [[], [""], ["not an address"], ["93.184.216.34", "x"]])
def test_answers_that_are_no_addresses_are_a_failed_look_up(answers: list[str]) -> None:
    with pytest.raises(Rejected, match="dns"):
        Guard().check_addresses(answers, 80)


def test_answers_come_back_once_each_in_order() -> None:
    answers = ["2606:4700::1111", "1.1.1.1", "1.1.1.1", "2606:4700:0::1111"]

    assert Guard().check_addresses(answers, 443) == ["2606:4700::1111", "1.1.1.1"]


def test_a_scope_does_not_hide_a_link_local_address() -> None:
    with pytest.raises(Rejected, match="blocked-address"):
        Guard().check_addresses(["fe80::1%eth0"], 80)


def test_behind_a_proxy_names_keep_to_the_ports_of_web_servers() -> None:
    guard = Guard([ip_network("10.0.0.0/8")], proxied=True)

    with pytest.raises(Rejected, match="blocked-port"):
        guard.check_url("http://example.org:6379/")


def test_literal_addresses_are_told_from_names() -> None:
    assert literal_address("example.org") is None
    assert literal_address("::1") == ip_address("::1")
    assert literal_address("localhost.") == ip_address("127.0.0.1")
    assert literal_address("notlocalhost") is None


_HOSTS = st.one_of(
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.integers(0, 2**32).map(str),
    st.integers(0, 2**32).map(hex),
    st.from_regex(r"(0x[0-9a-f]{1,3}|[0-9]{1,4})(\.[0-9a-fx]{1,4}){0,4}", fullmatch=True),
    st.text("aA0.-_%@:[]。１①ⓛßй\u200d\u00ad\\ x", min_size=1, max_size=12),
)  # fmt: skip


@settings(max_examples=400)
@given(_HOSTS, st.sampled_from(["", ":80", ":8080", "/", "?q", "#f", "\\@example.org"]))
def test_what_is_asked_is_what_was_judged(host: str, rest: str) -> None:
    """The HTTP library reads every accepted URL as the guard did, and no private one passes."""
    try:
        target = Guard().check_url(f"http://{host}{rest}")
    except Rejected:
        return

    asked = httpx.URL(target.url)
    assert asked.raw_host.decode() == target.host
    assert (asked.port or 80) == target.port
    literal = literal_address(target.host)
    assert literal is None or is_public(literal)
    assert not asked.userinfo
