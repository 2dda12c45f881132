"""Campaigns in pages' addresses."""

from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.lookup_api.lookups import Campaign
from core.derived.campaign import CLICK_IDS, parse_campaign

PAGE = "https://shop.example/l/1"


def test_all_parameters_decoded() -> None:
    address = (
        f"{PAGE}?x=1&utm_source=news%20letter&utm_medium=email&utm_campaign=sp%C3%A4t+sommer&utm_term=a%26b"
        "&UTM_Content=top&gclid=Cj0K#utm_source=fragment"
    )
    assert parse_campaign(address) == Campaign(
        mkt_source="news letter",
        mkt_medium="email",
        mkt_campaign="spät sommer",
        mkt_term="a&b",
        mkt_content="top",
        mkt_clickid="Cj0K",
        mkt_network="Google",
    )


@pytest.mark.parametrize("name", CLICK_IDS)
def test_a_click_id_alone(name: str) -> None:
    network, is_paid = CLICK_IDS[name]
    medium = "paid" if is_paid else None
    expected = Campaign(mkt_clickid="A.b-1", mkt_network=network, mkt_medium=medium)
    assert parse_campaign(f"{PAGE}?{name}=A.b-1") == expected


def test_organic_links_of_a_network_that_marks_all_are_not_paid() -> None:
    assert parse_campaign(f"{PAGE}?fbclid=1") == Campaign(mkt_clickid="1", mkt_network="Facebook")


def test_of_several_click_ids_one_counts_whatever_their_order() -> None:
    for address in (f"{PAGE}?fbclid=f&gclid=g", f"{PAGE}?gclid=g&fbclid=f"):
        assert parse_campaign(address) == Campaign(mkt_clickid="g", mkt_network="Google", mkt_medium="paid")


@pytest.mark.parametrize(
    "query",
    [
        "?utm%5Fsource=a&utm%5Fmedium=email",
        "?%75tm_source=a&UTM%5fMEDIUM=email",
        "?utm_source=a&amp;utm_medium=email",
        "?x=1&amp;amp;utm_source=a&AMP;utm_medium=email",
        "?x=1?utm_source=a&utm_medium=email",
        "?utm_source=a&amp%3Butm_medium=email",
        "?utm_source=a&AMP%3bamp%3Butm_medium=email",
        "?utm_source=a&amp;amp%3Butm%5Fmedium=email",
        "?x=1?%75tm_source=a&utm_medium=email",
        "?x=1;%55TM%5fsource=a&utm_medium=email",
        "?x=what?&y=/?utm_source=a?utm%5Fmedium=email",
        "?utm_source=a;utm_medium=email",
        "?x=1;y=2;utm_source=a&utm_medium=email;z=3",
        "#utm_source=a&utm_medium=email",
        "?utm_source=a#utm_medium=email",
        "?utm_source=a&utm_medium=email#utm_source=other",
        "#/route?utm_source=a&utm_medium=email",
        "?utm_source=&utm_source=%20&utm_source=a&utm_source=b&utm_medium=email",
        "?&&=&utm_source=a&+utm_medium+=email",
    ],
)
def test_however_people_write_a_query(query: str) -> None:
    found = parse_campaign(PAGE + query)
    assert found is not None
    assert (found.mkt_source, found.mkt_medium) == ("a", "email" + (";z=3" if ";z=3" in query else ""))


@given(
    data=st.data(),
    name=st.sampled_from(["utm_source", "utm_medium", "gclid", "li_fat_id"]),
    before=st.sampled_from(["?", "?x=1&", "?x=1&amp;", "?x=1&amp%3B", "?x=1?", "?x=1;", "#", "#x?", "?x#"]),
)
def test_a_name_counts_whichever_of_its_letters_are_encoded(data: st.DataObject, name: str, before: str) -> None:
    spelled = "".join(
        data.draw(st.sampled_from([char, char.upper(), f"%{ord(char):x}", f"%{ord(char.upper()):X}"])) for char in name
    )
    assert parse_campaign(f"{PAGE}{before}{spelled}=a") == parse_campaign(f"{PAGE}?{name}=a")


def test_question_marks_and_semicolons_are_parts_of_values() -> None:
    expected = Campaign(mkt_source="a;b?c=d", mkt_term="what?")
    assert parse_campaign(f"{PAGE}?utm_source=a;b?c=d&utm_term=what?") == expected


def test_the_first_value_that_is_not_empty_counts() -> None:
    assert parse_campaign("?utm_source=&utm_source=a&utm_source=b") == Campaign(mkt_source="a")


@pytest.mark.parametrize(
    "address", ["", PAGE, f"{PAGE}?", f"{PAGE}?q=1", f"{PAGE}?utm_source=", f"{PAGE}?utm_id=1", f"{PAGE}#top",
                f"{PAGE}?utm_source=%20", "?&&=&utm_source", "\ud800"],
)  # fmt: skip
def test_no_campaign(address: str) -> None:
    assert parse_campaign(address) is None


@given(source=st.text(st.characters(codec="utf-8"), min_size=1), term=st.text(st.characters(codec="utf-8")))
def test_what_was_encoded_is_decoded(source: str, term: str) -> None:
    found = parse_campaign(f"{PAGE}?{urlencode({'utm_source': source, 'utm_term': term})}")
    expected = Campaign(mkt_source=source.strip() or None, mkt_term=term.strip() or None)
    assert (found or Campaign()) == expected


@given(
    text=st.text(st.characters(), max_size=200)
    | st.lists(st.sampled_from(["?", "&", "=", "#", "%", "%ff", "+", "utm_source", "gclid", "\ud800", "ä"])).map(
        "".join
    )
)
def test_any_text(text: str) -> None:
    found = parse_campaign(text)
    if found is not None:
        assert found != Campaign()
        assert msgspec.json.decode(msgspec.json.encode(found), type=Campaign) == found
