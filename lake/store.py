"""The file store of a lake, a local directory or ``s3://bucket/prefix``: the operations that count and compaction need.

Credentials and region for S3 come from the usual sources of AWS clients: ``AWS_ACCESS_KEY_ID`` and
``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, a profile, or the machine's role. ``AWS_ENDPOINT_URL_S3`` or
``AWS_ENDPOINT_URL`` names another S3 server.
"""

import os
import re
from pathlib import Path
from typing import NamedTuple

from pyarrow import NativeFile
from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, S3FileSystem

SUCCESS = "_SUCCESS"
_S3 = "s3://"
_IN_HOUR = re.compile(r"((?:purpose=[^/]+/)?day=[^/]+/hour=[^/]+)/([^/]+)")
"""Of the events, and without a purpose of the session records."""


class Entry(NamedTuple):
    """One file of an hour: path relative to the lake's root, size, and time of the last change, s since 1970 UTC."""

    path: str
    bytes: int
    changed_s: float

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def has_rows(self) -> bool:
        """False for a marker, and for a file that is hidden because it is incomplete: every reader skips these."""
        return not self.name.startswith((".", "_"))


class LakeStore:
    """A lake on a local disk. Paths are relative to its root. Every method raises OSError if the operation fails."""

    def __init__(self, files: FileSystem, root: str) -> None:
        self._files = files
        self._root = root.rstrip("/")

    def below(self, folder: str) -> "LakeStore":
        """The store of a table that has a folder of its own in the lake."""
        return type(self)(self._files, self._full_path(folder))

    def exists(self) -> bool:
        """Whether there is a directory, or in S3 an object below it."""
        return bool(self._files.get_file_info(self._root).type != FileType.NotFound)

    def hours(self) -> dict[str, list[Entry]]:
        """Directory of each hour → its files, both sorted. Raises FileNotFoundError if there is no lake."""
        found: dict[str, list[Entry]] = {}
        for info in self._files.get_file_info(FileSelector(self._root, recursive=True)):
            path = info.path[len(self._root) + 1 :]
            # Object stores may list directories among the objects. Their paths do not match a file of an hour.
            if info.type == FileType.File and (match := _IN_HOUR.fullmatch(path)):
                found.setdefault(match[1], []).append(Entry(path, info.size, info.mtime_ns / 1e9))
        return {hour: sorted(found[hour]) for hour in sorted(found)}

    def data_files(self) -> list[Entry]:
        """The files with rows."""
        return [entry for entries in self.hours().values() for entry in entries if entry.has_rows]

    def open(self, path: str) -> NativeFile:
        return self._files.open_input_file(self._full_path(path))

    def read(self, path: str) -> bytes:
        with self.open(path) as file:
            return bytes(file.read())

    def create(self, path: str) -> NativeFile:
        """Opens a stream. Its content is durable after the stream was closed and :meth:`fsync` was called."""
        return self._files.open_output_stream(self._full_path(path))

    def fsync(self, path: str) -> None:
        """Make a file's content durable, or a directory's entries."""
        descriptor = os.open(self._full_path(path), os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def write(self, path: str, content: bytes) -> None:
        """Write a file atomically and durably."""
        draft = f"{path}.draft"
        with self.create(draft) as stream:
            stream.write(content)
        self.fsync(draft)
        self.rename(draft, path)

    def rename(self, path: str, name: str) -> None:
        """Rename durably, replacing a file of that name. Can be repeated after an interruption."""
        self._files.move(self._full_path(path), self._full_path(name))
        self.fsync(name.rpartition("/")[0])

    def delete(self, path: str) -> None:
        """Delete a file; no-op if it does not exist."""
        try:
            self._files.delete_file(self._full_path(path))
        except FileNotFoundError:
            return

    def _full_path(self, path: str) -> str:
        return f"{self._root}/{path}"


class S3LakeStore(LakeStore):
    """A lake in S3. An object becomes visible, complete and durable when its upload ends. S3 has no rename."""

    def fsync(self, path: str) -> None:
        """No-op: an S3 object is durable once its upload completes."""

    def write(self, path: str, content: bytes) -> None:
        with self.create(path) as stream:
            stream.write(content)

    def rename(self, path: str, name: str) -> None:
        """Copy within S3, then delete. In between both objects exist."""
        self.copy(path, name)
        self.delete(path)

    def copy(self, path: str, name: str) -> None:
        self._files.copy_file(self._full_path(path), self._full_path(name))


def open_lake_store(location: str | os.PathLike[str]) -> LakeStore:
    """The store of the lake at a directory or ``s3://bucket/prefix``."""
    text = os.fspath(location)
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
