"""Durations in Flink's own spelling."""

_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))


def duration(millis: int) -> str:
    """``millis`` in the largest unit that divides it, with a blank before the unit: ``20 s``, ``200 ms``.

    Flink writes durations so. Where a job may not change settings, Flink compares texts: ``60000 ms`` in the
    configuration comes back as ``1 min`` and counts as a change made by the job.
    """
    for unit, size in _UNITS:
        if millis >= size and millis % size == 0:
            return f"{millis // size} {unit}"
    return f"{millis} ms"
