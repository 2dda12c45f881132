"""Panels as Grafana's JSON."""

from collections.abc import Callable, Sequence

import msgspec

from deploy.druid.queries import query
from deploy.observability.panels import BUSINESS, OPERATIONS, Panel

JsonObject = dict[str, object]
_Kind = Callable[[Panel], JsonObject]
_COLUMNS, _HEIGHT = 3, 8
_SCHEMA_VERSION = 39
PROMETHEUS: JsonObject = {"type": "prometheus", "uid": "prometheus"}
DRUID: JsonObject = {"type": "yesoreyeram-infinity-datasource", "uid": "druid"}
_SINCE = "__time >= MILLIS_TO_TIMESTAMP(${__from}) AND __time < MILLIS_TO_TIMESTAMP(${__to})"


def dashboards() -> dict[str, bytes]:
    """File name → content."""
    return {
        "operations.json": _board("clickstream-operations", "Clickstream: operations", OPERATIONS, _prometheus),
        "business.json": _board("clickstream-business", "Clickstream: business", BUSINESS, _druid),
    }


def _board(uid: str, title: str, panels: Sequence[Panel], kind: _Kind) -> bytes:
    board: JsonObject = {
        "uid": uid,
        "title": title,
        "schemaVersion": _SCHEMA_VERSION,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "panels": [_panel(number, panel) | kind(panel) for number, panel in enumerate(panels)],
    }
    return msgspec.json.format(msgspec.json.encode(board)) + b"\n"


def _panel(number: int, panel: Panel) -> JsonObject:
    width = 24 // _COLUMNS
    return {
        "id": number + 1,
        "title": panel.title,
        "description": panel.explained,
        "gridPos": {
            "x": number % _COLUMNS * width,
            "y": number // _COLUMNS * _HEIGHT,
            "w": width,
            "h": _HEIGHT,
        },
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
    }


def _prometheus(panel: Panel) -> JsonObject:
    target = {"refId": "A", "expr": panel.query, "legendFormat": panel.legend or "__auto", "datasource": PROMETHEUS}
    return {"type": "timeseries", "datasource": PROMETHEUS, "targets": [target]}


def _druid(panel: Panel) -> JsonObject:
    text = query(panel.query, "analytics", since=_SINCE)
    target = {
        "refId": "A",
        "datasource": DRUID,
        "type": "json",
        "source": "url",
        "parser": "backend",
        "format": "table",
        "url": "/druid/v2/sql",
        "url_options": {
            "method": "POST",
            "body_type": "raw",
            "body_content_type": "application/json",
            "data": msgspec.json.encode({"query": text}).decode(),
        },
    }
    over_time = 'AS "time"' in text
    return {"type": "timeseries" if over_time else "table", "datasource": DRUID, "targets": [target]}
