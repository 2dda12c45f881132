"""``python -m deploy.features rebuild | erase ENTITY ID | show ENTITY ID``.

Exit codes: 0 done; 1 ``show``: nothing is stored; 2 Redis or Kafka could not be reached, or an argument is wrong.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, cast

import msgspec
import redis
import typer

from applications.features.store.topic import Restored
from common.kafka.topic_reader import TopicUnavailable
from common.secret import RedisUrl
from contracts.features.erasures import EraseFeatures
from contracts.fixed_topics import BEHAVIOUR_MESSAGES
from contracts.lookup_api.features import ENTITIES, MAX_ID_CHARACTERS
from core.features.model import EntityName
from deploy.features.file import FileOfFeaturesError, read_features
from deploy.features.redis_values import UnreadableError
from deploy.features.redis_values import rebuild as rebuild_store
from deploy.features.redis_values import show as read_entity
from deploy.paths import FEATURES_FILE
from deploy.sending import NotSent, send

NOT_STORED, FAILED = 1, 2
_PROGRESS_EVERY_S = 1.0

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="The store of features. Exit codes: 0 done; 1 show: nothing is stored; 2 Redis or Kafka could not be reached, "
    "or an argument is wrong.",
)


def _entity(text: str) -> str:
    if text not in ENTITIES:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(ENTITIES)}")
    return text


def _id(text: str) -> str:
    if not 0 < len(text) <= MAX_ID_CHARACTERS:
        raise typer.BadParameter(f"an id has 1 to {MAX_ID_CHARACTERS} characters")
    return text


def _redis_url(text: str) -> str:
    try:
        return RedisUrl(text).reveal()
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


Entity = Annotated[str, typer.Argument(callback=_entity, help=", ".join(ENTITIES))]
EntityId = Annotated[str, typer.Argument(callback=_id, help="As in the events; of a session, its session_id.")]
Servers = Annotated[str, typer.Option(help="Kafka brokers, host:port, separated by commas.")]
Store = Annotated[
    str,
    typer.Option(
        envvar="FEATURES_REDIS_URL",
        callback=_redis_url,
        show_default=False,
        help="Of the store, as the jobs have it in features: redis.url. With a password, better in the variable.",
    ),
]
File = Annotated[Path, typer.Option(help="The declarations of features.")]
_LOCAL, _LOCAL_REDIS = "127.0.0.1:9092", "redis://127.0.0.1:6379/0"


@app.command()
def rebuild(
    redis_url: Store = _LOCAL_REDIS, bootstrap_servers: Servers = _LOCAL, features: File = FEATURES_FILE
) -> None:
    """Put all that the topic of features has into Redis, where Redis has nothing newer. The jobs may run meanwhile."""
    with _errors_as_lines():
        began = time.monotonic()
        done = rebuild_store(redis_url, bootstrap_servers, read_features(features), _tell, _PROGRESS_EVERY_S)
        print(f"{done}, in {time.monotonic() - began:.1f} s")


@app.command()
def erase(
    entity: Entity,
    entity_id: EntityId,
    visitor: Annotated[
        str | None,
        typer.Option(
            callback=lambda text: text and _id(text),
            help="Of a session: its visitor_id. Without it, the session's features are back with its next event.",
        ),
    ] = None,
    bootstrap_servers: Servers = _LOCAL,
) -> None:
    """Make the jobs delete the features of an entity: state, store and topic. They begin anew with its next event."""
    if visitor is not None and entity != "session":
        raise typer.BadParameter("--visitor is for a session")
    message = EraseFeatures(cast("EntityName", entity), entity_id, time.time_ns() // 1_000_000)
    with _errors_as_lines():
        send(bootstrap_servers, BEHAVIOUR_MESSAGES, visitor or entity_id, msgspec.msgpack.encode(message))
    print(f"{entity}: sent")


@app.command()
def show(entity: Entity, entity_id: EntityId, redis_url: Store = _LOCAL_REDIS, features: File = FEATURES_FILE) -> None:
    """Show the features of an entity as they are now."""
    with _errors_as_lines():
        found = read_entity(redis_url, read_features(features), cast("EntityName", entity), entity_id)
    if found is None:
        print(f"features: nothing is stored of this {entity}", file=sys.stderr)
        raise typer.Exit(NOT_STORED)
    for name, value in found.values.items():
        print(f"{name}: {msgspec.json.encode(value).decode()}")
    print(f"newest event {_utc(found.newest_tstamp)}, written {_utc(found.written_tstamp)}")


def _tell(done: Restored) -> None:
    print(done, file=sys.stderr, flush=True)


def _utc(at_ms: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_ms / 1000))


@contextmanager
def _errors_as_lines() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        print(f"features: Redis could not be asked: {type(error).__name__}", file=sys.stderr)
        raise typer.Exit(FAILED) from error
    except (NotSent, TopicUnavailable, FileOfFeaturesError, UnreadableError) as error:
        print(f"features: {error}", file=sys.stderr)
        raise typer.Exit(FAILED) from error


if __name__ == "__main__":
    app(prog_name="python -m deploy.features")
