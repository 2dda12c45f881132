"""The table of topics in ``docs/reference/topics.md``, from the table in the code.

``python -m contracts.publishing.topic_table [--check]`` writes or compares the part of the document between the marks.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts.publishing.marked_part import MarkedPart
from contracts.purposes.load import REFERENCE, load_purposes
from contracts.purposes.model import Purpose
from contracts.topics import DAY_MS, RAW, Topic, table

PART = MarkedPart(
    Path(__file__).parents[2] / "docs" / "reference" / "topics.md",
    "<!-- topics: made by contracts.publishing.topic_table -->\n",
    "<!-- end of topics -->\n",
)
_HEAD = ("topic", "what", "schema (`contracts/publishing/schemas/`)", "key", "kept", "guarantee")


def render(purposes: Iterable[Purpose]) -> str:
    """The table in Markdown."""
    by_topic = {purpose.topic: purpose for purpose in purposes}
    rows = (_row(topic, by_topic.get(topic.name)) for topic in table(by_topic.values()))
    return "".join(f"| {' | '.join(row)} |\n" for row in (_HEAD, ("---",) * len(_HEAD), *rows))


def _row(topic: Topic, purpose: Purpose | None) -> tuple[str, ...]:
    return (
        f"`{topic.name}`",
        topic.about.rstrip("."),
        f"`{topic.schema}`" if topic.schema else "internal",
        _fixed_key(topic) if purpose is None else ", else ".join(_keys(purpose)),
        "for ever, the newest of each key" if topic.is_compacted else f"{topic.retention_ms // DAY_MS} days",
        topic.guarantee,
    )


def _fixed_key(topic: Topic) -> str:
    if topic == RAW:
        return "any"
    return "none" if topic.keyed_by is None else f"`{topic.keyed_by}`"


def _keys(purpose: Purpose) -> Iterator[str]:
    """What the key is made of, in the form in which the purpose has it; see :class:`core.projection.Projection`."""
    actions = purpose.actions()
    for field in purpose.key:
        if actions.get(field) == "keep":
            yield f"`{field}`"
        elif actions.get(field) == "pseudonymise":
            yield f"pseudonym of `{field}`"
    yield "none"


def main() -> int:
    return PART.write_or_check(render(load_purposes(REFERENCE)))


if __name__ == "__main__":
    sys.exit(main())
