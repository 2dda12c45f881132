"""Where a lake lies, a local directory or ``s3://bucket/prefix``, behind what counting and compaction need of it.

S3's keys and region come from where every AWS client looks for them: ``AWS_ACCESS_KEY_ID`` and
``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, a profile, or the machine's role; another server's address from
``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL``.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from pyarrow import NativeFile
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, S3FileSystem

SUCCESS = "_SUCCESS"
_S3 = "s3://"
_IN_HOUR = re.compile(r"(purpose=[^/]+/day=[^/]+/hour=[^/]+)/([^/]+)")


class Entry(NamedTuple):
    """One file of an hour: its path below the lake's root, and when it changed, in seconds since 1970."""

    path: str
    bytes: int
    changed_s: float

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def has_rows(self) -> bool:
        """Not so a marker, or what is hidden because it is not complete: every reader leaves those out."""
        return not self.name.startswith((".", "_"))


class LakeStore:
    """A lake on a local disk. Paths are below its root; OSError where the store does not obey."""

    def __init__(self, files: FileSystem, root: str) -> None:
        self._files = files
        self._root = root.rstrip("/")

    def hours(self) -> dict[str, list[Entry]]:
        """Each hour's directory and all that lies in it, sorted. FileNotFoundError where there is no lake."""
        found: dict[str, list[Entry]] = {}
        for info in self._files.get_file_info(FileSelector(self._root, recursive=True)):
            path = info.path[len(self._root) + 1 :]
            # Object stores may list directories among the objects: by their place those are no files of an hour.
            if info.type == FileType.File and (place := _IN_HOUR.fullmatch(path)):
                found.setdefault(place[1], []).append(Entry(path, info.size, info.mtime_ns / 1e9))
        return {hour: sorted(found[hour]) for hour in sorted(found)}

    def data_files(self) -> list[Entry]:
        """The files with rows."""
        return [entry for entries in self.hours().values() for entry in entries if entry.has_rows]

    def open(self, path: str) -> NativeFile:
        return self._files.open_input_file(self._at(path))

    def read(self, path: str) -> bytes:
        with self.open(path) as file:
            return bytes(file.read())

    def create(self, path: str) -> NativeFile:
        """A stream; what was written is durable after it was closed and :meth:`settle` was called."""
        return self._files.open_output_stream(self._at(path))

    def settle(self, path: str) -> None:
        """Make a file durable, or a directory's names."""
        descriptor = os.open(self._at(path), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write(self, path: str, content: bytes) -> None:
        """The whole file or nothing of it, durable."""
        draft = f"{path}.draft"
        with self.create(draft) as stream:
            stream.write(content)
        self.settle(draft)
        self.rename(draft, path)

    def rename(self, path: str, name: str) -> None:
        """Durable, over what has the name; may be cut off and repeated."""
        self._files.move(self._at(path), self._at(name))
        self.settle(name.rpartition("/")[0])

    def delete(self, path: str) -> None:
        """Nothing is done where it is gone already."""
        try:
            self._files.delete_file(self._at(path))
        except FileNotFoundError:
            return

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


class S3LakeStore(LakeStore):
    """A lake in an object store: an object appears whole and durable when its upload ends, and none is renamed."""

    def settle(self, path: str) -> None:
        """It is."""

    def write(self, path: str, content: bytes) -> None:
        with self.create(path) as stream:
            stream.write(content)

    def rename(self, path: str, name: str) -> None:
        """A copy, by the store itself, and then a deletion; in between both are there."""
        self.copy(path, name)
        self.delete(path)

    def copy(self, path: str, name: str) -> None:
        self._files.copy_file(self._at(path), self._at(name))


def home(place: str | os.PathLike[str]) -> LakeStore:
    """The lake at a directory or ``s3://bucket/prefix``."""
    text = os.fspath(place)
    if not text.startswith(_S3):
        return LakeStore(LocalFileSystem(), str(Path(text).resolve()))
    return S3LakeStore(
        _s3(os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")), text[len(_S3) :]
    )


def _s3(endpoint: str | None) -> S3FileSystem:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if endpoint is None:
        return S3FileSystem(region=region)
    scheme, _, address = endpoint.rstrip("/").rpartition("://")
    return S3FileSystem(region=region, endpoint_override=address, scheme=scheme or "https")
