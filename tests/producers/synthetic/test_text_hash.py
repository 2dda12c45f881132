from hypothesis import given
from hypothesis import strategies as st

from deploy.paths import PROJECT
from producers.synthetic.text_hash import text_hash, words

LONG = (
    "A bicycle of steel, ridden for two summers and kept in a dry cellar. The chain and both tyres are new, the brakes "
    "were set last week by the shop around the corner. There is a scratch on the frame below the saddle, to be seen in "
    "the second picture. A lock, a bell and a basket go with it. Collection only, in the evening or at the weekend. "
    "Please write before you come, and tell me which day would suit you best."
)
OTHER = (
    "Leather sofa for three persons, brown, from a home without smokers or animals. It is two metres wide and comes "
    "apart for the stairs. One cushion was mended by hand, which nobody has noticed yet. We move house at the end of "
    "the month and cannot take it along. Bring a friend and a van, we help to carry it down from the second floor."
)


def _distance(one: str, other: str) -> int:
    return (int(text_hash(one), 16) ^ int(text_hash(other), 16)).bit_count()


def test_the_published_examples() -> None:
    """The page shows them for producers in other languages."""
    page = (PROJECT / "docs" / "reference" / "events.md").read_text()
    for text in ("Bicycle", "Red bicycle, hardly used, 120 euros"):
        assert f"`{text}` has the hash `{text_hash(text)}`" in page or f"`{text}` has `{text_hash(text)}`" in page
    assert text_hash("Bicycle") == "7fcbcb5e0b6af501"
    assert text_hash("Red bicycle, hardly used, 120 euros") == "41cb863e0b4a2b81"


def test_a_text_without_words_has_zeros() -> None:
    assert text_hash("") == text_hash("12 €, 3!") == "0" * 16


def test_numbers_signs_capitals_and_spaces_change_nothing() -> None:
    assert text_hash("Call  0170-1234567 now!!! ONLY 5€") == text_hash("call 99 now only 7 $")


def test_words_are_letters_of_the_composed_form() -> None:
    assert words("Cafe\N{COMBINING ACUTE ACCENT} x2y_\N{LATIN SMALL LIGATURE FI}n") == ["café", "x", "y", "fin"]


def test_one_changed_word_of_a_long_text_is_near() -> None:
    assert 0 < _distance(LONG, LONG.replace("cellar", "garage")) <= 3


def test_texts_about_other_things_are_far_apart() -> None:
    assert _distance(LONG, OTHER) > 10


def test_the_order_of_words_counts() -> None:
    assert text_hash("dog bites man again today") != text_hash("man bites dog again today")


@given(st.text())
def test_every_text_has_sixteen_digits(text: str) -> None:
    assert len(text_hash(text)) == 16
    assert int(text_hash(text), 16) >= 0
