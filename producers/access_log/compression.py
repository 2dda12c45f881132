"""Decompresses files. The compression is detected from the content, not from the name."""

import bz2
import gzip
import io
import lzma
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
"""Raised when reading a truncated or damaged compressed file."""
_MAGIC: dict[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b",),
    "bzip2": tuple(b"BZh%d" % level for level in range(1, 10)),
    "xz": (b"\xfd7zXZ\x00",),
    # The second form is a skippable frame, which may come first.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + n,)) + b"\x2a\x4d\x18" for n in range(16))),
}
_READ_BYTES = 16 * 1024
"""Small, because the decompressed data may be ten thousand times as large."""


def compression_of(path: Path) -> str | None:
    """None for a file without one of these compressions. Raises OSError."""
    with path.open("rb") as file:
        start = file.read(6)
    return next((name for name, magic in _MAGIC.items() if start.startswith(magic)), None)


def open_plain(path: Path) -> BinaryIO:
    """The decompressed content; several members or frames are concatenated.

    Raises OSError. Reading raises one of DAMAGED.
    """
    match compression_of(path):
        case "gzip":
            return cast("BinaryIO", gzip.open(path, "rb"))
        case "bzip2":
            return cast("BinaryIO", bz2.open(path, "rb"))
        case "xz":
            return cast("BinaryIO", lzma.open(path, "rb"))
        case "zstd":
            return io.BufferedReader(_ZstdFrames(path))
        case _:
            return path.open("rb")


class _ZstdFrames(io.RawIOBase):
    """Reads all frames of a file. The library's own stream reader does not detect a truncated file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._within_frame = False
        self._compressed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        while not self._plain:
            compressed = self._compressed or self._file.read(_READ_BYTES)
            if not compressed:
                if self._within_frame:
                    raise EOFError("Compressed file ended before the end of its last frame was reached")
                return 0
            self._plain = memoryview(self._frame.decompress(compressed))
            self._compressed = self._frame.unused_data
            self._within_frame = not self._frame.eof
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
        taken = min(len(buffer), len(self._plain))
        buffer[:taken] = self._plain[:taken]
        self._plain = self._plain[taken:]
        return taken

    def close(self) -> None:
        self._file.close()
        super().close()
