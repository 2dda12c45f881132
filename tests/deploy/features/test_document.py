from core.features.declarations.load import load_features
from core.features.model import FeatureSet
from deploy.features.document import PART, render
from deploy.features.file import read_features


def test_the_document_has_the_tables_of_the_read_features() -> None:
    document = PART.file.read_text("utf-8")
    assert PART.inserted(document, render(read_features())) == document


def test_every_feature_of_a_file_is_a_row() -> None:
    found = load_features("""
entities:
  - {name: listing, source: behaviour, key: listing_id, ttl: 36h, about: A listing.}
features:
  - name: last_price_bands
    entity: listing
    version: 3
    description: Its prices.
    filter: event_name == 'a' || event_name == 'b'
    aggregation: last_n
    value: price
    bands: [1, 2]
    n: 4
    windows: [1h, lifetime]
""")
    assert isinstance(found, FeatureSet)
    rendered = render(found)
    assert "**`listing`**: A listing. By `listing_id`, purpose behaviour, kept 1.5 days." in rendered
    assert (
        "| `listing__last_price_bands` | `1h` `lifetime` | Its prices | `event_name == 'a' \\|\\| event_name == 'b'` "
        "| last 4 of `price` in bands | 3 |"
    ) in rendered
