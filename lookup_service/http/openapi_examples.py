"""The examples in the OpenAPI document."""

EXAMPLE_REQUEST = {"keys": [{"kind": "ip", "key": "81.2.69.142"}, {"kind": "user", "key": "u0000020"}]}
EXAMPLE_RESPONSE = {
    "results": [
        {
            "status": "ok",
            "value": {"geo_country": "GB", "geo_region": "ENG", "geo_city": "London"},
            "source": "geoip",
            "data_version": "GeoLite2-City/2026-09-01T06:00:00Z",
            "age_ms": 1250,
        },
        {"status": "missing", "source": "redis_profiles", "age_ms": 0},
    ]
}
EXAMPLE_RECENT = {
    "kind": "ip",
    "key": "81.2.69.142",
    "result": {"status": "ok", "value": {"geo_country": "GB"}, "source": "geoip", "age_ms": 1250},
}
EXAMPLE_FEATURE_REQUEST = {
    "ids": ["b1", "b2"],
    "names": ["browser__listing_views__1h", "browser__last_listings__lifetime", "browser__price_mean__24h"],
}
EXAMPLE_FEATURES = {
    "status": "ok",
    "features": {
        "browser__listing_views__1h": 12,
        "browser__last_listings__lifetime": ["l00000007", "l00000001"],
        "browser__price_mean__24h": None,
    },
    "updated_tstamp": 1_790_000_000_000,
    "age_ms": 850,
}
EXAMPLE_ONLINE_REQUEST = {
    "features": ["browser:listing_views__1h"],
    "entities": {"domain_userid": ["b1", "b2"]},
    "full_feature_names": False,
}
EXAMPLE_ONLINE_RESPONSE = {
    "results": [
        {
            "values": ["b1", "b2"],
            "statuses": ["PRESENT", "PRESENT"],
            "event_timestamps": ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"],
        },
        {
            "values": [12, None],
            "statuses": ["PRESENT", "NOT_FOUND"],
            "event_timestamps": ["2026-09-21T14:13:20Z", "1970-01-01T00:00:00Z"],
        },
    ],
    "metadata": {"feature_names": ["domain_userid", "listing_views__1h"]},
}
EXAMPLE_EVENT = {
    "schema": "clickstream.raw/1",
    "event_id": "0f1e2d3c-0001",
    "event_name": "page_view",
    "platform": "web",
    "actor": {"user_ipaddress": "81.2.69.142", "user_id": "u0000001"},
    "context": {"app_id": "marketplace", "page_url": "https://market.example/listing/l00000001"},
    "times": {"dvce_created_tstamp": 1_790_000_000_000},
    "attributes": {"listing_id": "l00000001"},
}
EXAMPLE_ENRICHED = {
    "results": [
        {
            "outcome": "enriched",
            "event": {"event_id": "0f1e2d3c-0001", "geo_country": "GB", "geo_status": "ok", "user_status": "missing"},
        }
    ]
}
EXAMPLE_RISK_REQUEST = {
    "event": {
        "event_name": "sign_in",
        "user_id": "u0000001",
        "user_ipaddress": "81.2.69.142",
        "useragent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "attributes": {"auth_outcome": "success", "auth_method": "password"},
    }
}
EXAMPLE_RISK_ANSWER = {
    "status": "ok",
    "flow": "sign_in",
    "decision": "challenge",
    "level": "high",
    "score": 0.8,
    "reasons": [
        {
            "code": "credential_stuffing_address",
            "words": "31 failed sign-ins from this address within 15 minutes (limit 25)",
            "abuse_type": "account_takeover",
            "owasp": "OAT-008",
            "value": 31.0,
            "threshold": 25.0,
            "weight": 0.8,
            "since_tstamp": 1_790_000_000_000,
        }
    ],
    "rules_version": "0f1e2d3c4b5a",
    "state_age_ms": 850,
}
EXAMPLE_PROBLEM = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "Expected `str`, got `int`",
    "field": "keys[0].key",
}
