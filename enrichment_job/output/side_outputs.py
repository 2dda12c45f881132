"""The job's side outputs, each tag declared once. All but PENDING carry batches of records."""

from pyflink.common import Types
from pyflink.common.typeinfo import TypeInformation
from pyflink.datastream import OutputTag

FAILED = OutputTag("failed")
LATE = OutputTag("late")
SUPPRESSED = OutputTag("suppressed")
PENDING = OutputTag("parked")
"""The id stays ``parked``, as do the list state ``parked`` and the metrics ``events_parked`` and ``parked_now``:
savepoints and dashboards know pending events by that name."""


def pending_type() -> TypeInformation:
    """(bucket, packed event): PyFlink's keyed operators take rows of this shape, key first."""
    return Types.ROW([Types.INT(), Types.PRIMITIVE_ARRAY(Types.BYTE())])
