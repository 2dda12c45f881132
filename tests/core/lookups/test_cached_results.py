"""The function that gets all results from memory, as it is compiled from a small table."""

from core.lookups.cached_results import Row, source_of


def test_the_table_becomes_one_function() -> None:
    rows = [
        Row("geo", "user_ipaddress", "lookup", {}),
        Row("calendar", "derived_tstamp", "dependent", {}),
        Row("campaign", "page_url", "direct", {}),
    ]
    assert (
        source_of(rows)
        == """\
def cached_results(event, now, count):
    keys = hits = 0
    key = event.user_ipaddress
    if key is None:
        geo = geo_missing if event.field_errors is None else geo_absent(event)
    else:
        keys += 1
        geo = geo_cached(key, now)
        if geo is None:
            geo = geo_ask(key, event, now)
        else:
            hits += 1
    key = event.page_url
    if key is not None:
        campaign = campaign_derive(key, event, ())
    else:
        campaign = campaign_missing if event.field_errors is None else campaign_absent(event)
    count.keys += keys
    count.hits += hits
    if geo is None:
        return None
    key = event.derived_tstamp
    if key is not None:
        calendar = calendar_derive(key, event, [geo])
    else:
        calendar = calendar_missing if event.field_errors is None else calendar_absent(event)
    return [geo, calendar, campaign]
"""
    )
