"""``python -m deploy.observability [--check]``: write Grafana's dashboards, or say which file is out of date."""

import sys
from pathlib import Path

from deploy.observability.dashboards import dashboards

FOLDER = Path(__file__).parent / "grafana" / "dashboards"


def main() -> int:
    stale = {
        name: content
        for name, content in dashboards().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_bytes() != content
    }
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{FOLDER / name} is out of date: run python -m deploy.observability", file=sys.stderr)
        return 1 if stale else 0
    for name, content in stale.items():
        (FOLDER / name).write_bytes(content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
