"""Files with and without compression and byte order mark, complete and truncated."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from producers.access_log.compression import compression_of
from producers.access_log.input_lines import BrokenInputError, read_lines

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
packed_by = pytest.mark.parametrize("kind", PACK)


def lines(path: Path) -> list[bytes]:
    return [line for _, line in read_lines(path)]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@packed_by
@pytest.mark.parametrize("name", ["a.log", "a.gz", "a.zst"])
def test_compression_is_detected_from_the_content(tmp_path: Path, kind: str, name: str) -> None:
    path = written(tmp_path / name, PACK[kind](b"one\ntwo\r\n\nfour"))
    assert compression_of(path) == kind
    assert list(read_lines(path)) == [(1, b"one"), (2, b"two\r"), (3, b""), (4, b"four")]


@packed_by
def test_several_members_are_one_content(tmp_path: Path, kind: str) -> None:
    pack = PACK[kind]
    path = written(tmp_path / "a", pack(b"one\nt") + pack(b"") + pack(b"wo\n" + b"x" * 300_000 + b"\n") + pack(b"end"))
    assert lines(path) == [b"one", b"two", b"x" * 300_000, b"end"]


@packed_by
def test_a_truncated_file_is_read_up_to_the_cut_and_reported(tmp_path: Path, kind: str) -> None:
    whole = [b"%d %d" % (n, n * 2_654_435_761 % 2**32) for n in range(40_000)]
    # More than one block or frame, so that some lines are readable before the damage.
    packed = b"".join(PACK[kind](b"\n".join(whole[n : n + 10_000]) + b"\n") for n in range(0, 40_000, 10_000))
    path = written(tmp_path / "cut", packed[: len(packed) * 3 // 5])
    found = []
    with pytest.raises(BrokenInputError, match=r"cut cannot be read after line \d+: it ends too early") as broken:
        for _, line in read_lines(path):
            found.append(line)
    assert len(found) >= 10_000
    assert found == whole[: len(found)]
    assert f"after line {len(found)}:" in str(broken.value)


@packed_by
def test_a_cut_at_any_place_is_reported(tmp_path: Path, kind: str) -> None:
    packed = PACK[kind](b"one\ntwo\n" * 20)
    for end in range(6, len(packed)):
        with pytest.raises(BrokenInputError):
            lines(written(tmp_path / "cut", packed[:end]))


@packed_by
def test_damage_is_reported(tmp_path: Path, kind: str) -> None:
    packed = bytearray(PACK[kind](bytes(range(256)) * 40))
    packed[len(packed) // 2] ^= 0xFF
    packed[len(packed) // 2 + 1] ^= 0xFF
    if kind == "zstd":  # without a checksum only damage to a frame's header is detected
        packed[4] ^= 0x08
    with pytest.raises(BrokenInputError):
        lines(written(tmp_path / "damaged", bytes(packed)))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    text = "one é\r\n\ntwo \U0001f600"
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    path = written(tmp_path / "a", mark + text.encode(encoding))
    assert lines(path) == ["one é\r".encode(), b"", "two \U0001f600".encode()]
    packed = written(tmp_path / "b", bz2.compress(path.read_bytes()))
    assert lines(packed) == lines(path)


def test_incomplete_utf16_has_a_replacement_character(tmp_path: Path) -> None:
    assert lines(written(tmp_path / "a", "ab\n".encode("utf-16") + b"\x00\xd8\x0a\x00c\x00d")) == [
        b"ab",
        "\ufffd\n".encode().removesuffix(b"\n"),
        "c\ufffd".encode(),
    ]


@given(st.lists(st.binary(max_size=30).map(lambda content: content.replace(b"\n", b"")), max_size=20))
def test_plain_lines_are_unchanged(tmp_path_factory: pytest.TempPathFactory, content: list[bytes]) -> None:
    content = [b"#" + each for each in content]  # no byte order mark, no compression
    path = written(tmp_path_factory.mktemp("plain") / "a", b"".join(each + b"\n" for each in content))
    assert lines(path) == content
