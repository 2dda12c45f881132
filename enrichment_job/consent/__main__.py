"""``python -m enrichment_job.consent ACTION --redis-url URL``: opt-outs, and the keys of accounts.

    init       make a new store of opt-outs, once
    suppress   opt subjects out
    withdraw   take opt-outs back
    restore    give a lost store its opt-outs back
    count      show how many entries there are
    erase      destroy accounts' keys (in the store of subject keys)

The ids are read from standard input, in the formats that people's tools write. On the command line everybody on the
machine could see them. If one line of the list cannot be read, nothing is written, and the exit code is 2.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import redis

from common.opt_outs.redis_client import Client, EvictingError, connect
from common.opt_outs.store import NotInitialisedError
from enrichment_job.consent import commands
from enrichment_job.consent.id_lists import read_ids

_WITH_IDS = {
    "suppress": commands.suppress,
    "withdraw": commands.withdraw,
    "restore": commands.restore,
    "erase": commands.erase,
}
_LINES_SHOWN = 20
_FAILED, _REFUSED = 1, 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m enrichment_job.consent",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=[*_WITH_IDS, "init", "count"])
    parser.add_argument("--redis-url", required=True)
    parser.add_argument("--plain", action="store_true", help="each line is one id as it is: no separators, no quotes")
    parser.add_argument("--column", default="", help="the header's name for the ids")
    parser.add_argument("--import-from", default="", help="init: the Redis of the former set privacy:suppressed")
    parser.add_argument("--remember", type=Path, help="init: a file that says afterwards that there was a store")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(words)
    ids: tuple[str, ...] = ()
    if arguments.action in _WITH_IDS:
        found = read_ids(sys.stdin.buffer.read(), plain=arguments.plain, column=arguments.column)
        for refused in found.refused[:_LINES_SHOWN]:
            print(f"line {refused.line}: {refused.reason}", file=sys.stderr)
        if found.refused:
            print(f"nothing is written: {len(found.refused)} ids cannot be read", file=sys.stderr)
            return _REFUSED
        if not found.ids:  # also for restore: an empty list would declare a store whole that lost everything
            print("nothing is written: there is no id in the list", file=sys.stderr)
            return _REFUSED
        ids = found.ids
        print(f"{len(ids)} ids read" + (f", {found.repeated} repeated" if found.repeated else ""))
    return _connected(arguments, ids)


def _connected(arguments: argparse.Namespace, ids: tuple[str, ...]) -> int:
    try:
        client = connect(arguments.redis_url)
        try:
            print(_done(client, arguments, ids))
        finally:
            client.close()
    except NotInitialisedError as error:
        print(f"{error}: a new one wants init, a lost one restore", file=sys.stderr)
    except (EvictingError, commands.NotHeldError) as error:
        print(error, file=sys.stderr)
    except redis.RedisError as error:
        print(f"Redis could not be asked: {type(error).__name__}; run it again", file=sys.stderr)
    except ValueError:
        print("that is no URL of a Redis", file=sys.stderr)
    else:
        return 0
    return _FAILED


def _done(client: Client, arguments: argparse.Namespace, ids: tuple[str, ...]) -> str:
    if arguments.action == "init":
        return commands.init(client, import_from=arguments.import_from, remember=arguments.remember)
    if arguments.action == "count":
        return commands.count(client)
    return _WITH_IDS[arguments.action](client, ids)


if __name__ == "__main__":
    sys.exit(main())
