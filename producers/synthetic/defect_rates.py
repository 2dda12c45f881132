"""The shares of defective records in the generated stream."""

from dataclasses import dataclass

from producers.record import Kind


@dataclass(frozen=True, kw_only=True)
class DefectRates:
    """Shares of all records, each in [0, 1]; the remaining records are valid and in time."""

    malformed: float = 0.002
    oversized: float = 0.0002
    wrong_schema: float = 0.002
    duplicate: float = 0.005
    late: float = 0.001

    def __post_init__(self) -> None:
        rates = (self.malformed, self.oversized, self.wrong_schema, self.duplicate, self.late)
        if min(rates) < 0 or sum(rates) > 1:
            raise ValueError("the defect rates must be 0 or more and add up to 1 or less")

    def limits(self) -> list[tuple[float, Kind]]:
        """Cumulative rates: a draw from [0, 1) has the first kind whose limit is above it."""
        rates: list[tuple[float, Kind]] = [
            (self.malformed, "malformed"),
            (self.oversized, "oversized"),
            (self.wrong_schema, "wrong_schema"),
            (self.duplicate, "duplicate"),
            (self.late, "late"),
        ]
        total, limits = 0.0, []
        for rate, kind in rates:
            total += rate
            limits.append((total, kind))
        return limits
