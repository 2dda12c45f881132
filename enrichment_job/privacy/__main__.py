"""``python -m enrichment_job.privacy suppress|erase --redis-url URL``: opt subjects out, or destroy accounts' keys.

The ids are read from standard input, one a line: on the command line they would be seen by everybody on the machine.
"""

import argparse
import sys

import redis

from enrichment_job.privacy.subject_keys import destroy
from enrichment_job.privacy.suppression import suppress


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m enrichment_job.privacy", description=__doc__)
    parser.add_argument("action", choices=["suppress", "erase"])
    parser.add_argument("--redis-url", required=True)
    arguments = parser.parse_args()
    ids = [line.strip() for line in sys.stdin if line.strip()]
    if ids:
        try:
            with redis.Redis.from_url(arguments.redis_url) as client:
                (suppress if arguments.action == "suppress" else destroy)(client, *ids)
        except redis.RedisError as error:
            print(f"Redis could not be asked: {type(error).__name__}", file=sys.stderr)
            return 1
    print(f"{len(ids)} done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
