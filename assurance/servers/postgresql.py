"""A real PostgreSQL server: a container if a Docker engine answers, else a local process."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import asyncpg
import psutil
import pytest
from docker.errors import DockerException
from testcontainers.core.container import DockerContainer

from assurance.servers.wait import wait_until
from local_stack.processes.ports import free_port

IMAGE = "postgres:17-alpine"


class PostgresqlServer(Protocol):
    @property
    def url(self) -> str:
        """Does not change when the server is stopped and started."""

    def start(self) -> None:
        """Returns when the server answers."""

    def stop(self) -> None:
        """Stops immediately: connections break."""

    def frozen(self) -> AbstractContextManager[None]:
        """The server keeps its connections and does not answer."""


class LocalPostgresql:
    """A server process with its own folder that trusts loopback.

    PostgreSQL refuses to run as root, so root starts it as another user.
    """

    def __init__(self, folder: Path, executables: Path) -> None:
        self._folder = folder
        self._executables = executables
        self._port = free_port()
        self._as_user: list[str] = []
        self.url = f"postgresql://tests@127.0.0.1:{self._port}/postgres"
        if os.getuid() == 0:
            user = _other_user()
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            os.chown(folder, user.pw_uid, user.pw_gid)
        self._run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        settings = {"listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": "", "fsync": "off"}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "start", "--wait", "--log", str(self._folder / "log"), "--options", options)

    def stop(self) -> None:
        if (self._folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--mode", "immediate", "--wait")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        postmaster = psutil.Process(int((self._folder / "data" / "postmaster.pid").read_text().split()[0]))
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def _run(self, name: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._executables / name), "-D", str(self._folder / "data"), *arguments]
        with (self._folder / "output").open("ab") as output:  # the server would keep a pipe open as long as it runs
            done = subprocess.run(
                command, check=False, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self._folder
            )
        assert done.returncode == 0, (self._folder / "output").read_text()


class ContainerPostgresql:
    def __init__(self) -> None:
        """Raises DockerException if no engine answers or the image is not available."""
        port = free_port()
        self.url = f"postgresql://tests@127.0.0.1:{port}/tests"
        self._container = (
            DockerContainer(IMAGE)
            .with_env("POSTGRES_USER", "tests")
            .with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
            .with_bind_ports(5432, port)
        )
        self._container.start()
        wait_until(self._answers, what="PostgreSQL answers", timeout_s=60)

    def start(self) -> None:
        self._container.get_wrapped_container().start()
        wait_until(self._answers, what="PostgreSQL answers", timeout_s=60)

    def stop(self) -> None:
        self._container.get_wrapped_container().kill()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        container = self._container.get_wrapped_container()
        container.pause()
        try:
            yield
        finally:
            container.unpause()

    def remove(self) -> None:
        self._container.stop()

    def _answers(self) -> bool:
        try:
            asyncio.run(_connect(self.url))
        except (OSError, asyncpg.PostgresError):
            return False
        return True


async def _connect(url: str) -> None:
    connection = await asyncpg.connect(url, timeout=5)
    await connection.close()


@contextmanager
def postgresql() -> Iterator[PostgresqlServer]:
    """A started server. Skips the test, with the reason, if none can be started."""
    container = _container()
    if container is None:
        with _local() as local:
            yield local
        return
    try:
        yield container
    finally:
        container.remove()


def _container() -> ContainerPostgresql | None:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if host.startswith("unix://"):  # checked first, because the client leaks its socket if nothing listens
        with socket.socket(socket.AF_UNIX) as engine:
            try:
                engine.connect(host.removeprefix("unix://"))
            except OSError:
                return None
    try:
        return ContainerPostgresql()
    except DockerException:
        return None


@contextmanager
def _local() -> Iterator[LocalPostgresql]:
    executables = _executables()
    if executables is None:
        pytest.skip("no Docker engine answers, and no PostgreSQL server is installed (Debian: postgresql)")
    # Not in pytest's tmp_path: only its owner can enter that, and the server may run as another user.
    with TemporaryDirectory(prefix="postgresql-") as folder:
        local = LocalPostgresql(Path(folder), executables)
        local.start()
        try:
            yield local
        finally:
            local.stop()


def _executables() -> Path | None:
    """The folder of the server's programs: from PATH, else the newest version installed by Debian's packages."""
    found = shutil.which("initdb")
    if found is not None and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    folders = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    return max(folders, key=lambda path: int(path.parent.name), default=None)


def _other_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    pytest.skip("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
