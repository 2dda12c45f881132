"""Panels as Grafana's JSON, built with Grafana's own library, whose types know what a dashboard may have."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import StackingConfig
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import GraphDrawStyle, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef,
    DataTransformerConfig,
    VariableOption,
    VariableRefresh,
)

from deploy.druid.queries import BUCKETS, COUNTRIES, EVERYWHERE, QUERIES, Query, fill, query
from deploy.observability.feature_panels import FEATURES, OF_VISITORS
from deploy.observability.infinity import DRUID, DruidQuery, infinity_query, is_over_time
from deploy.observability.panels import BUSINESS, OPERATIONS, SESSIONS, Panel
from deploy.observability.security_panels import RISK, SECURITY

_PURPOSE = "analytics"
_WIDTH, _HEIGHT = 8, 8
PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")
SINCE = "__time >= MILLIS_TO_TIMESTAMP(${__from}) AND __time < MILLIS_TO_TIMESTAMP(${__to})"
GROUPS: Mapping[str, tuple[Panel, ...]] = MappingProxyType(
    {
        "Sessions": SESSIONS,
        "Features": (*FEATURES, *OF_VISITORS),
        "Account security": SECURITY,
        "Risk before the event, and webhook": RISK,
    }
)
"""Title → panels, below those of the enrichment on the board of operations."""
_Shown = timeseries.Panel | table.Panel | stat.Panel


def dashboards() -> dict[str, bytes]:
    """File name → content."""
    operations = _board("clickstream-operations", "Clickstream: operations")
    business = _board("clickstream-business", "Clickstream: business")
    business.with_variable(_buckets()).with_variable(_countries())
    _add(operations, OPERATIONS, _prometheus)
    last = len(OPERATIONS)
    for title, panels in GROUPS.items():
        operations.with_row(dashboard.Row(title).id(last + 1))
        _add(operations, panels, _prometheus, first=last + 2)
        last += 1 + len(panels)
    _add(business, BUSINESS, _druid)
    return {"operations.json": _rendered(operations), "business.json": _rendered(business)}


def _board(uid: str, title: str) -> dashboard.Dashboard:
    return dashboard.Dashboard(title).uid(uid).readonly().refresh("10s").time("now-1h", "now")


def _add(
    board: dashboard.Dashboard, panels: Sequence[Panel], show: Callable[[Panel], _Shown], *, first: int = 1
) -> None:
    """``first``: the id of the first panel."""
    for number, panel in enumerate(panels, start=first):
        shown = show(panel).id(number).title(panel.title).description(panel.explained).unit(panel.unit)
        board.with_panel(shown.span(_WIDTH).height(_HEIGHT))


def _rendered(board: dashboard.Dashboard) -> bytes:
    return json.dumps(board.build(), cls=JSONEncoder, indent=2).encode() + b"\n"


def _prometheus(panel: Panel) -> timeseries.Panel:
    target = prometheus.Dataquery().ref_id("A").expr(panel.query).legend_format(panel.legend or "__auto").range()
    return timeseries.Panel().datasource(PROMETHEUS).with_target(target.datasource(PROMETHEUS))


def _druid(panel: Panel) -> _Shown:
    asked = QUERIES[panel.query]
    text = query(panel.query, _PURPOSE, since=SINCE, bucket="${bucket}", country="${country}")
    return _kind(asked).datasource(DRUID).with_target(DruidQuery(asked, text))


def _kind(asked: Query) -> _Shown:
    if is_over_time(asked):
        return _over_time(asked)
    if set(asked.columns.values()) == {"number"}:
        return stat.Panel()
    order = {name: place for place, name in enumerate(asked.columns)}
    return table.Panel().with_transformation(DataTransformerConfig("organize", options={"indexByName": order}))


def _over_time(asked: Query) -> timeseries.Panel:
    """A column of text makes one series for each value. Their bars are stacked: a missing bar means zero."""
    panel = timeseries.Panel()
    for name, kind in asked.columns.items():
        if kind == "text":
            panel.display_name(f"${{__field.labels.{name}}}")
            panel.draw_style(GraphDrawStyle.BARS).fill_opacity(70)
            panel.stacking(StackingConfig().mode(StackingMode.NORMAL))
    return panel


def _buckets() -> dashboard.CustomVariable:
    options = [VariableOption(selected=each == BUCKETS[0], text=each, value=each) for each in BUCKETS]
    return (
        dashboard.CustomVariable("bucket").label("Per").values(",".join(BUCKETS)).options(options).current(options[0])
    )


def _countries() -> dashboard.QueryVariable:
    """Countries of visitors. The panels that use the choice say so."""
    asked = infinity_query(COUNTRIES, fill(COUNTRIES, _PURPOSE, since=SINCE))
    return (
        dashboard.QueryVariable("country")
        .label("Country")
        .datasource(DRUID)
        .query({"queryType": "infinity", "refId": "variable", "infinityQuery": asked | {"refId": "variable"}})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .include_all(True)
        .all_value(EVERYWHERE)
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )
