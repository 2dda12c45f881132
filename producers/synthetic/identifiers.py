"""Identifiers from a seeded generator, so that a repeated run gives the same ones."""

from random import Random


def uuid4(rng: Random) -> bytes:
    """A random UUID (version 4) as text."""
    text = b"%032x" % rng.getrandbits(128)
    return b"%b-%b-4%b-a%b-%b" % (text[:8], text[8:12], text[13:16], text[17:20], text[20:])


def uuid_prefix(rng: Random) -> bytes:
    """The first 24 characters of a UUID (version 4), shared by the ids of one visit's events."""
    return uuid4(rng)[:24]


def hex64(rng: Random) -> bytes:
    """64 random bits as 16 hexadecimal digits."""
    return b"%016x" % rng.getrandbits(64)
