"""The images: what they copy is there."""

import re

from deploy.build.target import ENRICHMENT, LAKE
from deploy.paths import PROJECT


def test_the_image_gets_every_package_of_the_archive() -> None:
    text = (PROJECT / "deploy" / "flink" / "Dockerfile").read_text()
    assert all(f"COPY {package} {package}\n" in text for package in {*ENRICHMENT.packages, *LAKE.packages})


def test_what_the_images_copy_is_in_the_context() -> None:
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    allowed = tuple(line[1:] for line in lines if line.startswith("!"))
    copied = {
        source
        for dockerfile in PROJECT.glob("[dl]*/**/Dockerfile")
        if dockerfile.parent.name not in ("geoip", "fluentd")  # contexts of their own
        for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile.read_text(), re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {"contracts", "deploy/topics.py"} <= copied
    assert {source for source in copied if source.split("/")[0] not in allowed} == set()
    assert all((PROJECT / source).exists() for source in copied)
