"""Reading an address from a text: whatever surrounds the address, it is found; a text without one gives None."""

import time
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.addresses import carried_ipv4, is_public, read_address

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address).filter(lambda address: address.ipv4_mapped is None)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("81.2.69.142", "81.2.69.142"),
        ("81.2.69.142:51000", "81.2.69.142"),
        ("81.2.69.142, 10.0.0.1", "81.2.69.142"),
        (" 81.2.69.142", "81.2.69.142"),
        ("81.2.69.142\r\n", "81.2.69.142"),
        ('"81.2.69.142"', "81.2.69.142"),
        ("\ufeff81.2.69.142", "81.2.69.142"),
        ("[2a02:c7d:1::1]:443", "2a02:c7d:1::1"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[81.2.69.142]:443", "81.2.69.142"),
        ("2A02:0C7D:0001:0000:0000:0000:0000:0001", "2a02:c7d:1::1"),
        ("2a02:c7d:1:0:0:0:0:1:51000", "2a02:c7d:1::1"),
        ("203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7,203.0.113.9:443", "203.0.113.9"),
        ("10.0.0.7 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("unknown, 203.0.113.9", "203.0.113.9"),
        ("-, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.7, 192.168.1.1", "10.0.0.7"),
        ("100.64.1.1, 198.51.100.7", "198.51.100.7"),
        ("fd00::1, 2001:db8::9", "2001:db8::9"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:81.2.69.142", "81.2.69.142"),
        ("::ffff:5102:458e", "81.2.69.142"),
        ("::FFFF:81.2.69.142:51000", "81.2.69.142"),
        ("[::ffff:81.2.69.142]:51000", "81.2.69.142"),
        ("::ffff:10.0.0.1, 81.2.69.142", "81.2.69.142"),
        ("2002:a00:1::1, 81.2.69.142", "81.2.69.142"),
        ("::1", "::1"),
        ("127.0.0.1", "127.0.0.1"),
        ("for=81.2.69.142", "81.2.69.142"),
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ("for=unknown, for=81.2.69.142;proto=https;by=203.0.113.43", "81.2.69.142"),
        ("for=10.0.0.1;by=203.0.113.43", "10.0.0.1"),
        ('for="81.2.69.142:_port", for=_hidden', "81.2.69.142"),
        ("81.2.69.142%2C10.0.0.1", "81.2.69.142"),
        ("10.0.0.1%2c%2081.2.69.142", "81.2.69.142"),
        ("10.0.0.1%2C+81.2.69.142", "81.2.69.142"),
        ("10.0.0.1%252C%252081.2.69.142", "81.2.69.142"),
        ("10.0.0.1, 81.2.69.142%20", "81.2.69.142"),
        ("81.2.69.142%20", "81.2.69.142"),
        ("81.2.69.142%3A51000", "81.2.69.142"),
        ("%2281.2.69.142%22", "81.2.69.142"),
        ("%5B2a02::1%5D", "2a02::1"),
        ("%5B2a02%3A%3A1%5D%3a443", "2a02::1"),
        ("fd00::1%2C81.2.69.142", "81.2.69.142"),
        ("fe80::1%20", "fe80::1"),
        ("[fe80::1%20]:80", "fe80::1"),
        ("fe80::1%eth0.100", "fe80::1"),
        ('["81.2.69.142"]', "81.2.69.142"),
        ("['10.0.0.1', '81.2.69.142']", "81.2.69.142"),
        ("['81.2.69.142', '10.0.0.1']", "81.2.69.142"),
        ("['81.2.69.142', '10.0.0.1', '10.0.", "81.2.69.142"),
        ("[81.2.69.142, 10.0.0.1]", "81.2.69.142"),
        ("[81.2.69.142, 10.0", "81.2.69.142"),
        ('["[2a02:c7d:1::1]:443", "10.0.0.1"]\n', "2a02:c7d:1::1"),
        ("[fd00::1], [2a02:c7d:1::1]", "2a02:c7d:1::1"),
        ("[fd00::1]:80,[2a02:c7d:1::1]", "2a02:c7d:1::1"),
        ('[["81.2.69.142"]]', "81.2.69.142"),
        ("('10.0.0.1', '81.2.69.142')", "81.2.69.142"),
        ("{81.2.69.142,10.0.0.1}", "81.2.69.142"),
        ("(81.2.69.142)", "81.2.69.142"),
        ("`81.2.69.142`", "81.2.69.142"),
        ("81.2.69.142|10.0.0.1", "81.2.69.142"),
        ("81.2.69.142/32", "81.2.69.142"),
        ("81.2.69.142/24", "81.2.69.142"),
        ("2a02:c7d:1::1/64", "2a02:c7d:1::1"),
        ("2a02:c7d:1::/128", "2a02:c7d:1::"),
        ("::ffff:81.2.69.142/128", "81.2.69.142"),
        ("81.2.69.142.", "81.2.69.142"),
        ("(81.2.69.142).", "81.2.69.142"),
        ("81.2.69.142\u200b", "81.2.69.142"),
        ("\u202a81.2.69.142\u202c", "81.2.69.142"),
        ("81.2.69.142\0\0", "81.2.69.142"),
        ("81.2.69.142\\, 10.0.0.1", "81.2.69.142"),
        ('\\"81.2.69.142\\"', "81.2.69.142"),
        ("81.2.69.142\\n", "81.2.69.142"),
        ("10.0.0.1,+81.2.69.142", "81.2.69.142"),
        (", ".join(f"2a02:c7d:1:2:3:4:5:{n}" for n in range(1, 6)), "2a02:c7d:1:2:3:4:5:1"),
    ],
)
def test_an_address_is_found_whatever_surrounds_it(text: str, address: str) -> None:
    assert read_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "unknown", "_hidden", "localhost", "n/a", "shop.example:443"),
        *("081.002.069.142", "0121.2.69.142", "0x51.2.69.142", "1359103374", "0x5102458e", "81.2.69", "81.2.69.142.1"),
        *(
            "256.1.1.1",
            "81.2.69.142:99999",
            "81.2.69.142:x",
            "2a02:::443",
            "81.2.69.142%eth0",
            "٨١.2.69.142",
            "81.2.69.0/24",
        ),
        *(
            "81.2.69.142/33",
            "81.2.69.142/x",
            "2a02:c7d:1::/64",
            "2a02:c7d:1::1/129",
            "81.2.69.142..",
            "81.2.69.",
            "0.0.0.0/0",
        ),
        *(
            "https://81.2.69.142/x",
            "https%3A%2F%2F81.2.69.142%2Fx",
            "ip=81.2.69.142",
            "ip%3D81.2.69.142",
            "a81.2.69.142",
        ),
        *(
            '{"ip":"81.2.69.142"}',
            "81.2.69.142a",
            "081.2.69.142%20",
            "%38%31.2.69",
            "%25" * 40,
            "[81.2.69.142",
            "f(81.2.69.142)",
        ),
        *("[2a02:c7d:1::1", "[2a02:c7d:1::1]443", "2a02:::1", "10:11:12", "by=203.0.113.43", "fe80::1%", "[]", ":80"),
    ],
)
def test_a_text_without_an_address_gives_none(text: str) -> None:
    assert read_address(text) is None


@given(st.one_of(st.text(), st.text(alphabet="0123456789abcdef:.[]%,; \"'=for_-/\x00"), st.binary().map(str)))
def test_no_text_raises_and_the_result_is_canonical(text: str) -> None:
    found = read_address(text)
    if found is not None:
        assert str(ip_address(found)) == found
        assert read_address(found) == found


@given(V4 | V6, st.integers(0, 65_535), st.sampled_from(["", " ", "\t", '"']))
def test_every_address_is_read_with_and_without_a_port(
    address: IPv4Address | IPv6Address, port: int, around: str
) -> None:
    plain = str(IPv6Address(int(address))) if isinstance(address, IPv6Address) else str(address)
    long = IPv6Address(int(address)).exploded if isinstance(address, IPv6Address) else str(address)
    bracketed = f"[{plain}]"
    for text in (plain, long, plain.upper(), bracketed, f"{bracketed}:{port}", f"for={bracketed}:{port}"):
        assert read_address(f"{around}{text}{around}") == plain
    if isinstance(address, IPv4Address):
        assert read_address(f"{plain}:{port}") == plain
        assert read_address(f"::ffff:{plain}") == plain


SEPARATORS = [",", ", ", " ", ";", "|", "%2C", "%2c%20", "%2C+", "\\, ", "\0", "', '", '","']
AROUND = [("[", "]"), ("['", "']"), ("(", ")"), ("{", "}"), ("%5B", "%5D"), ("%22", "%22"), ("", "."), ("", "%20")]


@given(st.lists(V4 | V6, min_size=1, max_size=8), st.sampled_from(SEPARATORS))
def test_a_list_gives_its_first_public_address_else_its_first(
    addresses: list[IPv4Address | IPv6Address], separator: str
) -> None:
    expected = next(filter(is_public, addresses), addresses[0])
    text = separator.join(map(str, addresses))
    assert read_address(text) == str(expected)
    for before, after in AROUND:
        assert read_address(f"{before}{text}{after}") == str(expected), (before, after)


def test_a_hostile_length_is_bounded_and_never_truncates_an_address() -> None:
    assert read_address("1," * 100_000 + "81.2.69.142") is None
    assert read_address("9" * 1_000_000) is None
    for hostile in (
        "[" * 100_000,
        "[]" * 4_000,
        "[" + "a" * 8_000,
        "%25" * 100_000,
        "(" * 100_000,
        "%2C" * 2_700,
        "/" * 8_000,
    ):
        started = time.process_time()
        assert read_address(hostile) is None
        assert time.process_time() - started < 0.5
    filler = "x" * 127 + " "
    for shift in range(16):
        text = (filler * 63)[shift:] + " " * 120 + "81.2.69.142" + " "
        assert read_address(text) in (None, "81.2.69.142")


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("2002:5102:458e::1", "81.2.69.142"),
        ("2001:0:4136:e378:8000:63bf:aefd:ba71", "81.2.69.142"),
        ("64:ff9b::5102:458e", "81.2.69.142"),
        ("::5102:458e", "81.2.69.142"),
        ("::ffff:5102:458e", "81.2.69.142"),
        ("::1", None),
        ("::", None),
        ("2a02:c7d:1::1", None),
        ("64:ff9b:1::5102:458e", None),
    ],
)
def test_ipv4_addresses_inside_ipv6_addresses(address: str, carried: str | None) -> None:
    found = carried_ipv4(IPv6Address(address))
    assert (None if found is None else str(found)) == carried
