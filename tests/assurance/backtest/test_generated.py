"""Rules on generated streams: what is measured is what the streams' own truth says, and it can be repeated."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from assurance.backtest.evaluate import app
from assurance.backtest.generated import Streams, measure
from assurance.backtest.markdown import as_markdown
from assurance.servers.mmdb_files import CITY, write_mmdb
from core.risk.rules.rule_set import RuleSet
from producers.synthetic.attacks.autonomous_systems import records
from producers.synthetic.attacks.catalogue import kinds
from producers.synthetic.attacks.plan import AttackSettings
from producers.synthetic.defect_rates import DefectRates
from producers.synthetic.generator import GeneratorSettings
from tests.assurance.backtest.security_samples import RULES, rules
from training.enriching import Enricher

_START_MS = 1_790_000_000_000


def streams(users: int = 3_000) -> Streams:
    settings = GeneratorSettings(
        start_ms=_START_MS,
        events=2_000,
        event_rate=0.5,
        active_visits=20,
        users=users,
        listings=300,
        defect_rates=DefectRates(malformed=0.01, duplicate=0.02, late=0.01),
    )
    return Streams(settings=settings, attacks=AttackSettings(scenarios=len(kinds())))


@pytest.fixture
def crawlers() -> RuleSet:
    """Nothing but requests, which only programs make in a generated stream."""
    return rules(RULES.replace("count() >= 5", "count() >= 100000").replace("shadow", "live").replace(
        "event_name == 'sign_in' && useragent == 'curl/8'", "useragent.contains('bot') && as_number != 15169"
    ))  # fmt: skip


@pytest.fixture
def databases(tmp_path: Path) -> tuple[Path, Path]:
    systems = write_mmdb(tmp_path / "asn.mmdb", records(), "GeoLite2-ASN")
    return write_mmdb(tmp_path / "city.mmdb", CITY, "GeoLite2-City"), systems


def test_a_rule_about_crawlers_finds_the_crawlers_of_every_seed(
    crawlers: RuleSet, databases: tuple[Path, Path]
) -> None:
    with Enricher(*databases) as enricher:
        found = measure(streams(), [1, 2], crawlers, enricher)
        again = measure(streams(), [1, 2], crawlers, enricher)
    assert found == again
    assert as_markdown(found) == as_markdown(again)
    assert [seed for seed, _ in found.by_seed] == [1, 2]
    by_kind = {(each.kind, each.intensity): each for each in found.together.kinds}
    assert by_kind.keys() == {(kind.name, kind.intensity) for kind in kinds()}
    for (name, intensity), each in by_kind.items():
        is_found = "crawler" in name and intensity == "above"
        assert each.scenarios == 2
        assert each.acted_on == each.acted_on_finally == (each.events if is_found else 0)
        assert each.detected == (2 if is_found else 0)
    assert (found.together.precision, found.together.innocent_challenge_rate) == (1.0, 0.0)
    assert found.together.unjudged == 0
    parts = [{(each.kind, each.intensity): each.events for each in one.kinds} for _, one in found.by_seed]
    assert all(parts[0][kind] + parts[1][kind] == each.events for kind, each in by_kind.items())


def test_the_table(crawlers: RuleSet, databases: tuple[Path, Path]) -> None:
    with Enricher(*databases) as enricher:
        shown = as_markdown(measure(streams(), [7], crawlers, enricher))
    lines = shown.splitlines()
    assert lines[0].startswith("| seed | precision |")
    assert [line.split(" | ")[0] for line in lines[2:4]] == ["| 7", "| all"]
    assert lines[2].removeprefix("| 7") == lines[3].removeprefix("| all")
    assert any(line.startswith("| `take_over` | above | 1 | 0 | ") for line in lines)
    assert any(line.startswith("| `carrier_nat` |  | 1 | 0 | ") for line in lines)


def test_the_command(databases: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULES)
    city, systems = map(str, databases)
    words = ["--rules", str(tmp_path / "rules.yml"), "--geoip-city", city, "--geoip-asn", systems]
    words += ["--events", "300", "--attacks", "2", "--history-days", "0", "--users", "1000"]
    done = CliRunner().invoke(app, [*words, "--seeds", "3,4"])
    assert done.exit_code == 0
    assert [line.split(" | ")[0] for line in done.stdout.splitlines()[2:5]] == ["| 3", "| 4", "| all"]
    few = CliRunner().invoke(app, [*words, "--seeds", "3", "--users", "10", "--attacks", "60"])
    assert (few.exit_code, "too few" in few.stderr) == (2, True)
    assert CliRunner().invoke(app, [*words, "--seeds", "one"]).exit_code == 2
    (tmp_path / "rules.yml").write_text("name: odd\n")
    assert CliRunner().invoke(app, words).exit_code == 1
