"""The invariants on 20,000 mutated events; ``python -m assurance.bench.mutations`` checks a million."""

import pytest

from assurance.bench.mutations import Broken, accepted, check, run
from tests.core.samples import raw

pytestmark = pytest.mark.slow


def test_every_mutant_has_one_outcome_and_the_schemas_verdict() -> None:
    found = run(1, 20_000)
    outcomes = {name: count for name, count in found.items() if name.split()[0] in ("valid", "repaired", "rejected")}
    assert sum(outcomes.values()) == 20_000
    assert set(outcomes) == {
        "valid",
        "repaired",
        *(f"rejected {kind}" for kind in ("size", "encoding", "json", "schema")),
    }
    assert min(outcomes["valid"], outcomes["repaired"], outcomes["rejected schema"]) > 1_000


def test_the_check_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assurance.bench.mutations.accepted", lambda record: not accepted(record))
    with pytest.raises(Broken, match="differ"):
        list(check(raw()))
