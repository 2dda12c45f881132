"""Collects every output of a run that others can read, and searches it for texts of the input."""

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from common.kafka.topic_reader import read_whole
from contracts import topics
from tests.integration.canaries import forms
from tests.integration.pipeline_run import PipelineRun

SCANNED = (topics.ANALYTICS.name, *(topic.name for topic in topics.OUTCOMES))
_WORD = re.compile(rb"[A-Za-z0-9@._:-]+")


def surfaces(run: PipelineRun) -> dict[str, bytes]:
    """Name → content: the scanned topics with uncommitted records, every log file, all metrics, the job's errors."""
    found: dict[str, bytes] = {}
    start = run.output_start
    records: dict[str, list[bytes]] = {topic: [] for topic in SCANNED}
    for message in read_whole(run.stack.bootstrap_servers, SCANNED, isolation="read_uncommitted", start=start):
        records[message.topic()] += [message.key() or b"", message.value() or b""]
    found |= {topic: b"\n".join(parts) for topic, parts in records.items()}
    for file in run.stack.logs.rglob("*"):
        if file.is_file():
            found[f"log {file.name}"] = file.read_bytes()
    found["metrics of the lookup service"] = httpx.get(f"{run.stack.lookup_url}/metrics", trust_env=False).content
    with httpx.Client(base_url=run.stack.flink.rest_url, timeout=20, trust_env=False) as client:
        job = f"/jobs/{run.job_id}"
        found["errors of the job"] = client.get(f"{job}/exceptions").content
        texts = [client.get(f"{job}/metrics").content]
        details: dict[str, Any] = client.get(job).json()
        for vertex in details["vertices"]:
            path = f"{job}/vertices/{vertex['id']}/subtasks/metrics"
            names = [metric["id"] for metric in client.get(path).json()]
            for first in range(0, len(names), 20):  # a URL must not become too long
                answer = client.get(path, params={"get": ",".join(names[first : first + 20])})
                texts.append(answer.raise_for_status().content)
        found["metrics of the job"] = b"\n".join([client.get(job).content, *texts])
    return found


def leaks(texts: Iterable[str], found: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Surface → the texts found in it: unchanged, escaped, percent-encoded, or in base64 at any offset."""
    lowered = {name: content.lower() for name, content in found.items()}
    leaked: dict[str, set[str]] = {}
    for text in texts:
        plain, encoded = forms(text), _base64_cores(text.encode())
        for name, content in lowered.items():
            if any(form in content for form in plain) or any(core in found[name] for core in encoded):
                leaked.setdefault(name, set()).add(text)
    return leaked


def words(found: Mapping[str, bytes]) -> dict[str, set[bytes]]:
    """Surface → all words in it, to search for thousands of identifiers at once."""
    return {name: set(_WORD.findall(content)) for name, content in found.items()}


def _base64_cores(text: bytes) -> list[bytes]:
    """The parts that any base64 encoding of the text contains, whatever comes before and after it."""
    return [b64encode(b"\0" * offset + text)[4 if offset else 0 : -4] for offset in range(3)]
