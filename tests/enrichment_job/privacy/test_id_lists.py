"""Lists of ids as people's tools write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment_job.privacy.id_lists import read_ids
from enrichment_job.privacy.subject_ids import LONGEST, fault

EXPECTED = ("u-1", "u-2", "ü3@example.org")
LINES = "u-1\nu-2\nü3@example.org\n"


@pytest.mark.parametrize(
    "content",
    [
        LINES.encode(),
        LINES.rstrip().encode(),
        LINES.replace("\n", "\r\n").encode(),
        LINES.replace("\n", "\r").encode(),
        LINES.replace("\n", "\n\n  \n").encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        LINES.replace("\n", "\r\n").encode("utf-16"),
        LINES.encode("utf-16-le"),
        LINES.encode("utf-16-be"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        LINES.encode("utf-32"),
        LINES.encode() + b"\0",
        LINES.replace("\n", "\0\n").encode(),
        LINES.encode("utf-16") + b"\0",
        b"  u-1\t\n\tu-2  \n\xc2\xa0\xc3\xbc3@example.org \n",
        b'"u-1"\n\'u-2\'\n  "\xc3\xbc3@example.org"  \n',
        "“u-1”\n«u-2»\n`ü3@example.org`".encode(),
        "\ufeffu-1\n\ufeffu-2\nü3@example.org\u200b".encode(),
        "u-1,u-2,ü3@example.org".encode(),
        "u-1; u-2 ;ü3@example.org;".encode(),
        "u-1\tu-2\nü3@example.org".encode(),
        '"u-1" , "u-2"\r\n"ü3@example.org"\r\n'.encode(),
        "user_id\nu-1\nu-2\nü3@example.org\n".encode(),
        "User ID;\r\nu-1;\r\nu-2;\r\nü3@example.org;\r\n".encode("utf-8-sig"),
        'e-mail,"userId",since\nx@y,u-1,2024\nz@y,"u-2",\n,ü3@example.org,2025'.encode(),
        "user_id;domain_userid\nu-1;u-2\n;ü3@example.org".encode("utf-16"),
        (LINES + LINES).encode(),
    ],
)
def test_it_is_read(content: bytes) -> None:
    found = read_ids(content)
    assert found.refused == ()
    assert found.ids == EXPECTED


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"u" * (LONGEST + 1), "longer"),
        (b"u\x07x", "control"),
        (b"u\x00x", "control"),
        (b"u\x7f", "control"),
        ("u\u202ex".encode(), "invisible"),
        ("u\u2028x".encode(), "blank"),
        ("u\u0085x".encode(), "blank"),
        (b"\xff\xfe\xfa", "UTF-8"),
        (b"\xed\xa0\x80", "UTF-8"),
        (b"M\xfcller", "UTF-8"),
        ("M\ufffdller".encode(), "conversion"),
        (b'"u7', "quote"),
        (b"u7'", "quote"),
        (b'"u7"x', "quote"),
        (b"u7 u8", "blank"),
        (b"1.23457E+17", "rounded"),
        (b'"' + b"u" * (LONGEST + 1) + b'"', "longer"),
    ],
)
def test_a_line_that_leaves_a_doubt_is_refused_by_its_number_alone(bad: bytes, reason: str) -> None:
    found = read_ids(b"u-1\r\n\r\n" + bad + b"\r\nu-2\r\n")
    assert found.ids == ("u-1", "u-2")
    (refused,) = found.refused
    assert refused.line == 3
    assert reason in refused.reason
    assert "u7" not in refused.reason


def test_a_second_separator_is_a_doubt() -> None:
    found = read_ids(b'a;b\nc,d;e\n"f,g";h')
    assert [refused.line for refused in found.refused] == [2]
    assert found.ids == ("a", "b", "e", "f,g", "h")


def test_utf_16_that_is_cut_off_or_broken_is_refused() -> None:
    assert read_ids("u-1\nu-2".encode("utf-16")[:-1] + b"").refused[0].line == 2
    assert read_ids("u-1\n\ud800x\nu-2".encode("utf-16", "surrogatepass")).refused[0].line == 2


def test_a_plain_list_takes_lines_as_they_are() -> None:
    found = read_ids(b'a,b\n"c"\nd e\n user_id \n1E+5\n', plain=True)
    assert found.ids == ("a,b", '"c"', "d e", "user_id", "1E+5")


def test_a_column_can_be_named() -> None:
    content = b"name;Kundennummer\nAda;k-1\nBob;k-2\n"
    assert read_ids(content, column="kundennummer").ids == ("k-1", "k-2")
    assert read_ids(content, column="nummer").refused[0].line == 1
    assert read_ids(content, column="nummer").ids == ()


def test_what_is_there_twice_is_counted() -> None:
    found = read_ids(b"a\nb\na\nA\n a \n")
    assert found.ids == ("a", "b", "A"), "compared exactly, as events carry them"
    assert found.repeated == 2


@pytest.mark.parametrize("content", [b"", b"\n \r\n\0\n", b"\xef\xbb\xbf", b"\xff\xfe", b"user_id\n", b";;\n"])
def test_nothing_is_nothing(content: bytes) -> None:
    assert read_ids(content).ids == ()
    assert read_ids(content).refused == ()


IDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=LONGEST).filter(
    lambda text: fault(text) is None and text == text.strip() and "\ufffd" not in text
)


@given(ids=st.lists(IDS, unique=True, min_size=1), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_a_csv_writer_quotes_comes_back(ids: list[str], encoding: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["user_id"])
    writer.writerows([each] for each in ids)
    found = read_ids(out.getvalue().encode(encoding))
    assert found.ids == tuple(each for each in ids)


MARKED = st.builds(bytes.__add__, st.sampled_from([b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"]), st.binary())


@given(content=MARKED | st.binary() | st.text().map(str.encode) | st.text("u1,;\t\"' \r\n\0").map(str.encode))
def test_whatever_it_is_what_comes_out_can_be_an_id(content: bytes) -> None:
    for plain in (True, False):
        found = read_ids(content, plain=plain)
        assert all(fault(each) is None for each in found.ids)
        lines = content.count(b"\n") + content.count(b"\r") + 1
        assert all(1 <= refused.line <= lines for refused in found.refused)
