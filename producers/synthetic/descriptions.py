"""Texts of listings, as far as their hashes need them: the events carry the hash and not the text."""

from random import Random

_VOCABULARY = (
    "selling moving clean smoke free household pickup only working order receipt warranty scratches barely visible "
    "original box included cable manual spare battery size medium colour bought last summer gift never ridden stored "
    "dry cellar garage price negotiable serious offers swap possible shipping extra cost paid cash preferred weekend "
    "evening reserved collector item rare limited edition handmade solid wood leather steel cotton wool children grown "
    "inherited grandmother attic restored painted polished serviced tyres brakes chain saddle lights frame engine "
    "mileage inspection papers complete set pieces matching chairs lamp shelf drawer mirror glass ceramic kitchen oven "
    "fridge washing machine energy class quiet powerful light compact foldable waterproof winter spring autumn beach "
    "mountain forest city village centre station parking balcony garden terrace view sunny bright spacious furnished"
)
_WORDS = tuple(_VOCABULARY.split())
_LENGTH = 12


def description(rng: Random) -> str:
    """A few random words: two of these texts are never similar."""
    return " ".join(_WORDS[int(rng.random() * len(_WORDS))] for _ in range(_LENGTH))
