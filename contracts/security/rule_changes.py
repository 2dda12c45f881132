"""A change of one rule in the running job, on the compacted topic ``clickstream.rules.v1``, keyed by the rule's name.

The newest record of a rule counts, before the file that the job was started with. A record without a value takes the
change back: the file's rule counts again, if it has one.
"""

from typing import Annotated, Literal

import msgspec

SCHEMA: Literal["clickstream.rule/1"] = "clickstream.rule/1"
MAX_RULE_BYTES = 64 * 1024


class RuleChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    schema: Literal["clickstream.rule/1"]
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")]
    rule: Annotated[str, msgspec.Meta(max_length=MAX_RULE_BYTES)] | None = None
    """One YAML document, as in the files ``deploy/rules``; None: the rule is off."""
    changed_tstamp: Annotated[int, msgspec.Meta(ge=0, lt=4_102_444_800_000)]
    changed_by: Annotated[str, msgspec.Meta(max_length=128)] = ""
