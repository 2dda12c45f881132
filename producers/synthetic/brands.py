"""Invented brands: a handful for each category, of which the first is the most frequent."""

from bisect import bisect
from itertools import accumulate
from random import Random

BRANDS: dict[str, tuple[str, ...]] = {
    "bikes": ("Velonar", "Radwerk", "Kettler & Sohn", "Monte Verde", "Pedalo"),
    "furniture": ("Holmsund", "Eichenhof", "Casa Lina", "Nordbo", "Maison Petit"),
    "electronics": ("Quantix", "Lumera", "Tonwerk", "Osaki", "Brightline"),
    "fashion": ("Atelier Nord", "Marlow", "Fjellvik", "Solana", "Brunetti"),
    "home-garden": ("Gartenfreund", "Aquaris", "Cucina Viva", "Hausrat", "Terralux"),
    "baby-kids": ("Kinderwelt", "Bambino", "Petit Ours", "Stellina", "Wolkenreich"),
    "cars-parts": ("Autotec", "Rimova Parts", "Gripstar", "Motolux", "Voltano"),
    "real-estate": ("Habitare", "Stadtnah", "Domus Plus", "Privat", "Immovia"),
    "books-music": ("Klanghaus", "Accordo", "Vinyla", "Papillon", "Harmon"),
}
_SHARES = tuple(accumulate((0.35, 0.25, 0.18, 0.13, 0.09)))


def brand(category: str, rng: Random) -> str:
    """A random brand of the category, weighted by how many listings it has."""
    return BRANDS[category][bisect(_SHARES, rng.random(), hi=len(_SHARES) - 1)]
