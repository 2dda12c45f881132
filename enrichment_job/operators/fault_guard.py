"""The fault guard of the enrichment's operators: the record's fault is its failure as ``internal``."""

from common.flink import fault_guard
from common.flink.fault_guard import MOST_IN_A_ROW, NotTheRecordsFaultError
from core.flat_event import BadRow

__all__ = ("MOST_IN_A_ROW", "FaultGuard", "NotTheRecordsFaultError")


class FaultGuard(fault_guard.FaultGuard):
    def rejection(self, error: Exception) -> BadRow:
        """The record's failure.

        :raises NotTheRecordsFaultError: after too many failures in a row.
        """
        return BadRow("internal", "enrich", self.note(error))
