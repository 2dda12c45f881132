"""Fluentd's configuration: from HTTP to the raw topic, with nothing lost and no event choosing its partition."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field

import pytest

from contracts.topics import RAW
from deploy.paths import PROJECT

FILE = PROJECT / "deploy" / "fluentd" / "fluent.conf"


@dataclass
class Section:
    """A section of Fluentd's configuration language."""

    name: str
    argument: str = ""
    values: dict[str, str] = field(default_factory=dict)
    sections: list["Section"] = field(default_factory=list)

    def one(self, name: str, argument: str | None = None) -> "Section":
        (found,) = (s for s in self.sections if s.name == name and argument in {None, s.argument})
        return found


def _read(text: str) -> Section:
    stack = [Section("root")]
    # A JSON object may go over several lines.
    text = re.sub(r"\{[^{}]*\n[^{}]*\}", lambda found: " ".join(found.group().split()), text)
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if opened := re.fullmatch(r"<(\w+)(?: (\S+))?>", line):
            section = Section(opened[1], opened[2] or "")
            stack[-1].sections.append(section)
            stack.append(section)
        elif closed := re.fullmatch(r"</(\w+)>", line):
            assert stack.pop().name == closed[1]
        else:
            name, _, value = line.partition(" ")
            stack[-1].values[name] = value.strip()
    assert len(stack) == 1, "a section is not closed"
    return stack[0]


@pytest.fixture(scope="module")
def output() -> Section:
    return _read(FILE.read_text()).one("match", "clickstream.raw")


def test_events_go_to_the_raw_topic_whatever_they_say(output: Section) -> None:
    assert output.values["@type"] == "rdkafka2"
    assert output.values["topic"] == RAW.name
    # The plugin would take partition and key from the event's own fields of these names.
    assert output.values["partition_key"] == output.values["message_key_key"] == "no_such_field"


def test_the_client_is_idempotent_and_partitions_at_random(output: Section) -> None:
    options = json.loads(output.values["rdkafka_options"])
    assert options["enable.idempotence"] is True
    assert options["partitioner"] == "random"
    assert options["message.max.bytes"] == RAW.max_message_bytes
    assert output.values["required_acks"] == "-1"


def test_what_kafka_does_not_take_waits_on_disk(output: Section) -> None:
    buffer = output.one("buffer").values
    assert buffer["@type"] == "file"
    assert buffer["retry_forever"] == "true"
    assert buffer["flush_at_shutdown"] == "true"
    # Full: the sender hears of it. Any other action would drop events or block the port.
    assert buffer["overflow_action"] == "throw_exception"


def test_fluentd_itself_accepts_it() -> None:
    fluentd = shutil.which("fluentd")
    if fluentd is None:
        pytest.skip("fluentd is not installed (a Ruby gem; Debian has no package of it)")
    done = subprocess.run(
        [fluentd, "--dry-run", "-c", str(FILE)],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "KAFKA_BROKERS": "127.0.0.1:9092"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
