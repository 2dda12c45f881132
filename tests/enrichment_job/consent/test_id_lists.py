"""Lists of ids as people's tools write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.opt_outs.subject_ids import LONGEST, invalid_reason
from enrichment_job.consent.id_lists import read_ids

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
        "u-1\tu-2\tü3@example.org".encode(),
        '"u-1" , "u-2" , "ü3@example.org"\r\n'.encode(),
        "u-1,\nu-2,\nü3@example.org,\n".encode(),
        "sep=;\r\nuser_id;since\r\nu-1;2024,5\r\nu-2;\r\nü3@example.org\r\n".encode("utf-16"),
        '"SEP=|"\nname|user_id\nA|u-1\nB, C|"u-2"\n|ü3@example.org'.encode(),
        "sep=\t\nname\tuser_id\n\tu-1\n\tu-2\nx\tü3@example.org".encode(),
        "name\tuser_id\n\tu-1\nx\tu-2\n\tü3@example.org\n\t\n".encode(),
        'row,user_id,note\n1,u-1,"a, b"\n2,u-2,5" wide\n3,ü3@example.org,NULL\n'.encode(),
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
    found = read_ids(b'user_id;domain_userid\na;b\nc,d;e\n"f,g";h')
    assert [refused.line for refused in found.refused] == [3]
    assert found.ids == ("a", "b", "e", "f,g", "h")


@pytest.mark.parametrize(
    "content",
    [
        *(
            '{"user_id":"u1"}\n{"user_id":"u2"}',
            '{"user_id":"u1","n":1}',
            '[\n"u1",\n"u2"\n]',
            '["u1","u2"]',
            "[u1,u2]",
        ),
        *("user_id|email\nu1|a@example.org", "| user_id |\n|---|\n| u1 |", "| u1 |", "+----+\n| id |\n+----+"),
        *(
            "user_id\n-----\nu1",
            " user_id \n---------\n u1\n(1 row)",
            "u1\n====\nu2",
            "user_id,since\n---,---\nu1,2024",
        ),
        *("id,user_id,created\n1,u1,2024", "user_id,id\nu1,1", "id,domain_userid\n1,d1", "customer_id,user_id\n7,u1"),
        *("user_id,account_id,domain_userid\nu1,a,d", "Kundennummer;Name\nk1;Ada", "k1;Ada\nk2;Bob", "u1\nu2,Ada"),
        *("u1,\n,Ada\n", "Export\nuser_id,name\nu1,Ada", "<id>u1</id>", "<u1>", "('u1'),", "u1)", "user_id=u1"),
        *("userId:u1", "#u1", "u1\n-\nu2", "...", "12345.0", "user_id,name\n12345.00,Ada"),
        *("name,user_id\nDoe, Ada,u1", 'user_id,note\nu1,"one\ntwo\nthree"', 'name,user_id\n"Ada\nDoe",u1'),
        "note,user_id\nonly a note",
    ],
)
def test_what_may_be_another_format_is_refused(content: str) -> None:
    for text in (content, content.replace("\n", "\r\n") + "\r\n"):
        assert read_ids(text.encode()).refused
        assert not any("u1" in refused.reason or "Ada" in refused.reason for refused in read_ids(text.encode()).refused)


NOTHING = [
    "NULL",
    "null",
    r"\N",
    "NaN",
    "nan",
    "#N/A",
    "n/a",
    "NA",
    "None",
    "undefined",
    "nil",
    "(null)",
    "<NA>",
    "#REF!",
]


@pytest.mark.parametrize("word", NOTHING)
@pytest.mark.parametrize("table", ["user_id\nu1\n{}\n", "user_id,since\nu1,2024\n{},2024\n", "u1\nu2\n{}\n"])
def test_a_tools_word_for_no_value_is_no_id_unless_it_is_in_quotes(table: str, word: str) -> None:
    assert [refused.line for refused in read_ids(table.format(word).encode()).refused] == [3]
    assert read_ids(table.format(f'"{word}"').encode()).ids[-1] == word
    assert read_ids(f"u1\n{word}\n".encode(), plain=True).ids == ("u1", word)


@pytest.mark.parametrize(
    "text",
    ["user:17", "did:web:example.org", "auth0|5f7c", "c29tZQ==", "o'brien@example.org", "x---y", "a_b-c.d", "-1", "~u"],
)
def test_an_id_of_another_form_is_read_or_told_to_be_put_in_quotes(text: str) -> None:
    found = read_ids(f"u1\n{text}\n".encode())
    assert found.ids == ("u1", text) or "quotes" in found.refused[0].reason
    assert bool(found.refused) == ("|" in text)
    assert read_ids(f'u1\n"{text}"\n'.encode()).ids == ("u1", text)


def test_the_column_that_is_meant_among_several_can_be_named() -> None:
    content = b"id,user_id,User-ID,created\n1,u1,x,2024\n2,u2,y,2024\n"
    assert "--column" in read_ids(content).refused[0].reason
    assert read_ids(content, column="user_id").ids == ("u1", "u2")
    assert read_ids(content, column="ID").ids == ("1", "2")
    assert read_ids(content, column="userid").refused[0].line == 1


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
    lambda text: invalid_reason(text) is None and text == text.strip() and "\ufffd" not in text
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
        assert all(invalid_reason(each) is None for each in found.ids)
        lines = content.count(b"\n") + content.count(b"\r") + 1
        assert all(1 <= refused.line <= lines for refused in found.refused)
