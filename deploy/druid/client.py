"""The parts of Druid's HTTP API that this project uses."""

from types import TracebackType
from typing import Any, Self

import httpx

from deploy.druid.fields import JsonObject


class DruidError(Exception):
    """Druid cannot be reached, or refused. The message has the path and Druid's answer."""


class Druid:
    """With a router its URL is enough; without one, give the three services' own URLs."""

    def __init__(self, url: str, *, overlord: str | None = None, coordinator: str | None = None) -> None:
        self._client = httpx.Client(timeout=60, trust_env=False)
        self._sql = url.rstrip("/")
        self._overlord = (overlord or url).rstrip("/")
        self._coordinator = (coordinator or overlord or url).rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def sql(self, text: str, **context: object) -> list[dict[str, Any]]:
        """Rows of a query. Raises DruidError, also for a datasource without rows, because it does not exist yet."""
        body = {"query": text, "context": context}
        return list(self._ask("POST", f"{self._sql}/druid/v2/sql", json=body))

    def datasources(self) -> set[str]:
        """The datasources that can be queried: those that have a row and that some process serves."""
        rows = self.sql("SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'druid'")
        return {str(row["name"]) for row in rows}

    def post_supervisor(self, spec: JsonObject) -> str:
        """Start the supervisor, or give the running one of this datasource the new spec; returns its id."""
        return str(self._ask("POST", f"{self._overlord}/druid/indexer/v1/supervisor", json=spec)["id"])

    def terminate_supervisor(self, name: str) -> None:
        self._ask("POST", f"{self._overlord}/druid/indexer/v1/supervisor/{name}/terminate")

    def supervisor_status(self, name: str) -> dict[str, Any]:
        return dict(self._ask("GET", f"{self._overlord}/druid/indexer/v1/supervisor/{name}/status")["payload"])

    def running_tasks(self, datasource: str) -> list[str]:
        """Ids of the datasource's running tasks."""
        found = self._ask("GET", f"{self._overlord}/druid/indexer/v1/tasks?state=running&datasource={datasource}")
        return [str(task["id"]) for task in found]

    def shut_down_task(self, task: str) -> None:
        """End a task as a crash would: what it read is not published."""
        self._ask("POST", f"{self._overlord}/druid/indexer/v1/task/{task}/shutdown")

    def set_retention(self, datasource: str, rules: list[JsonObject]) -> None:
        self._ask("POST", f"{self._coordinator}/druid/coordinator/v1/rules/{datasource}", json=rules)

    def set_compaction(self, config: JsonObject) -> None:
        self._ask("POST", f"{self._coordinator}/druid/coordinator/v1/config/compaction", json=config)

    def _ask(self, method: str, url: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON, taken apart by the caller
        try:
            answer = self._client.request(method, url, **arguments)
        except httpx.TransportError as error:
            raise DruidError(f"{url}: {error!r}") from error
        if answer.is_error:
            raise DruidError(f"{method} {url}: {answer.status_code} {answer.text[:1000]}")
        return answer.json() if answer.content else None
