"""Seeding a database, from code and from the command line."""

from pathlib import Path

import pytest

from local_stack.processes.ports import free_port
from lookup_service.seed.__main__ import main
from tests.lookup_service.profile_databases import COUNT, Database


def test_seeding_again_changes_nothing_and_another_seed_replaces(database: Database) -> None:
    assert database.seed() == 2 * (COUNT - COUNT // 20)
    assert database.seed(seed_number=2) == 2 * (COUNT - COUNT // 20)
    assert database.seed(seed_number=1) == 2 * (COUNT - COUNT // 20)


def test_seeding_from_the_command_line(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", database.url, "--users", "19", "--listings", "19"]) == 0
    assert capsys.readouterr().out == "seed: 38 profiles written\n"


@pytest.mark.parametrize(
    "url",
    ["nonsense", "mysql://127.0.0.1/x", "sqlite://", "sqlite:///", "sqlite://host/path", "redis://127.0.0.1/0"],
)
def test_seeding_an_unsupported_url_is_an_error(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--database", url]) == 2
    assert capsys.readouterr().err == "seed: --database is not a database URL\n"


def test_seeding_an_unreachable_database_is_an_error_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for url in (f"postgresql://127.0.0.1:{free_port()}/x", f"sqlite:///{tmp_path}/absent/x.db"):
        assert main(["--database", url]) == 2
        assert capsys.readouterr().err.startswith("seed: the database is unreachable or rejects the request (")


def test_only_one_of_redis_and_a_database_can_be_seeded(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--database", "sqlite:///x", "--redis-url", "redis://127.0.0.1/0"])
    assert "not allowed with" in capsys.readouterr().err
