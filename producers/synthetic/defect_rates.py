"""How often a record is not what it should be."""

from dataclasses import dataclass

from producers.delivery.record import Kind


@dataclass(frozen=True, kw_only=True)
class DefectRates:
    """DefectRates of all records, each in [0, 1]; the rest is sound."""

    malformed: float = 0.002
    oversized: float = 0.0002
    wrong_schema: float = 0.002
    duplicate: float = 0.005
    late: float = 0.001

    def __post_init__(self) -> None:
        shares = (self.malformed, self.oversized, self.wrong_schema, self.duplicate, self.late)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError("the shares must be 0 or more and add up to 1 or less")

    def limits(self) -> list[tuple[float, Kind]]:
        """Upper limit of every kind on the unit interval, rising."""
        named: list[tuple[float, Kind]] = [
            (self.malformed, "malformed"),
            (self.oversized, "oversized"),
            (self.wrong_schema, "wrong_schema"),
            (self.duplicate, "duplicate"),
            (self.late, "late"),
        ]
        total, limits = 0.0, []
        for share, kind in named:
            total += share
            limits.append((total, kind))
        return limits
