"""Circuit breaker, token bucket, cache: protection against slow, failed or overloaded dependencies."""
