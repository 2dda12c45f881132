"""The number before a packed state."""

import msgspec
import pytest

from core.packing import Packing, UnknownFormatError


class Counted(msgspec.Struct, array_like=True):
    number: int
    name: str = ""


OLD = Packing(Counted, 1, {})
NEW = Packing(
    Counted,
    3,
    {
        1: lambda body: msgspec.msgpack.encode([*msgspec.msgpack.decode(body)[:1], "of 1"]),
        2: lambda body: msgspec.msgpack.encode([msgspec.msgpack.decode(body)[0] + 1, "by 2"]),
    },
)


def test_what_was_packed_is_unpacked() -> None:
    assert OLD.unpack(OLD.pack(Counted(5, "five"))) == Counted(5, "five")


def test_an_older_format_is_brought_up_step_by_step() -> None:
    assert NEW.unpack(OLD.pack(Counted(5))) == Counted(6, "by 2")


@pytest.mark.parametrize("packed", [NEW.pack(Counted(5)), b"\x00\x00\x91\x01", b""])
def test_a_later_format_is_refused_and_so_is_what_has_none(packed: bytes) -> None:
    with pytest.raises(UnknownFormatError, match=r"reads up to 1$"):
        OLD.unpack(packed)


def test_bytes_that_are_no_state_are_refused() -> None:
    with pytest.raises(msgspec.MsgspecError):
        OLD.unpack(b"\x00\x01garbage")
