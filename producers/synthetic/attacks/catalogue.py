"""The kinds of scenarios by name."""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Literal, NamedTuple

from producers.synthetic.attacks import (
    cracking,
    crawlers,
    odd_people,
    shared_addresses,
    sign_ups,
    spam,
    stuffing,
    take_overs,
)
from producers.synthetic.attacks.script import Script

Intensity = Literal["above", "below"]
Write = Callable[[Script], None]

ATTACKS: Mapping[str, Write] = {
    "credential_stuffing_address": stuffing.credential_stuffing_address,
    "credential_stuffing_network": stuffing.credential_stuffing_network,
    "password_spray_address": stuffing.password_spray_address,
    "password_spray_client": stuffing.password_spray_client,
    "password_cracking": cracking.password_cracking,
    "cookieless_tool": cracking.cookieless_tool,
    "scripted_sign_ups_address": sign_ups.scripted_sign_ups_address,
    "scripted_sign_ups_device": sign_ups.scripted_sign_ups_device,
    "scripted_sign_ups_domain": sign_ups.scripted_sign_ups_domain,
    "take_over": take_overs.take_over,
    "session_hijack": take_overs.session_hijack,
    "spam_ring": spam.spam_ring,
    "lying_crawler": crawlers.lying_crawler,
    "impossible_traveller_attack": take_overs.impossible_traveller_attack,
}
INNOCENTS: Mapping[str, Write] = {
    "carrier_nat": shared_addresses.carrier_nat,
    "office_proxy": shared_addresses.office_proxy,
    "family_device": shared_addresses.family_device,
    "vpn_user": odd_people.vpn_user,
    "traveller": odd_people.traveller,
    "forgotten_password": odd_people.forgotten_password,
    "new_phone": odd_people.new_phone,
    "professional_seller": spam.professional_seller,
}


class Kind(NamedTuple):
    """``intensity`` is None for the innocents."""

    name: str
    intensity: Intensity | None
    write: Write


def kinds() -> list[Kind]:
    """Every kind, attacks in both intensities."""
    intensities: tuple[Intensity, ...] = ("above", "below")
    attacks = [Kind(name, intensity, write) for name, write in ATTACKS.items() for intensity in intensities]
    return attacks + [Kind(name, None, write) for name, write in INNOCENTS.items()]


def mixed(rng: Random) -> Iterator[Kind]:
    """Without end: every kind once in random order, and again."""
    while True:
        deck = kinds()
        rng.shuffle(deck)
        yield from deck
