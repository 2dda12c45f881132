from common.resilience.circuit_breaker import CircuitBreaker


def test_it_opens_only_after_consecutive_failures() -> None:
    breaker = CircuitBreaker(failures=3, open_seconds=1)
    for _ in range(2):
        breaker.failed(0)
    breaker.succeeded()
    for _ in range(2):
        breaker.failed(0)
    assert breaker.state(0) == "closed"
    breaker.failed(0)
    assert breaker.state(0.5) == "open"
    assert not breaker.allow(0.5)


def test_half_open_allows_one_probe_at_a_time() -> None:
    breaker = CircuitBreaker(failures=1, open_seconds=1)
    breaker.failed(0)
    assert breaker.state(1) == "half_open"
    assert breaker.allow(1)
    assert not breaker.allow(1)
    breaker.failed(1)
    assert not breaker.allow(1.5)
    assert breaker.allow(2)
    breaker.succeeded()
    assert breaker.state(2) == "closed"
    assert breaker.allow(2)
    assert breaker.allow(2)
