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
from producers.synthetic.attacks.varied import crowds, new_accounts, people, tries
from producers.synthetic.attacks.varied import take_overs as varied_take_overs

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


VARIED_ATTACKS: Mapping[str, Write] = {
    "varied_stuffing": tries.varied_stuffing,
    "varied_spraying": tries.varied_spraying,
    "varied_cracking": tries.varied_cracking,
    "take_over_abroad": varied_take_overs.take_over_abroad,
    "take_over_by_vpn": varied_take_overs.take_over_by_vpn,
    "take_over_in_country": varied_take_overs.take_over_in_country,
    "take_over_by_mailbox": varied_take_overs.take_over_by_mailbox,
    "session_taken_over": varied_take_overs.session_taken_over,
    "varied_sign_ups": new_accounts.varied_sign_ups,
    "spam_by_one_account": new_accounts.spam_by_one_account,
    "spam_ring_edited": new_accounts.spam_ring_edited,
    "lying_crawler_anywhere": new_accounts.lying_crawler_anywhere,
}
"""Well above the thresholds in numbers, and varied in everything else. None is below."""
VARIED_INNOCENTS: Mapping[str, Write] = {
    "large_office": crowds.large_office,
    "large_carrier_nat": crowds.large_carrier_nat,
    "application_without_device_ids": crowds.application_without_device_ids,
    "shop_device": crowds.shop_device,
    "sellers_with_templates": crowds.sellers_with_templates,
    "moved_owner": people.moved_owner,
    "traveller_with_new_sim": people.traveller_with_new_sim,
    "password_manager": people.password_manager,
    "persistent_owner": people.persistent_owner,
}


class Kind(NamedTuple):
    """``intensity`` is None for the innocents."""

    name: str
    intensity: Intensity | None
    write: Write


def kinds() -> list[Kind]:
    """Every kind, the attacks that are about a threshold in both intensities."""
    intensities: tuple[Intensity, ...] = ("above", "below")
    attacks = [Kind(name, intensity, write) for name, write in ATTACKS.items() for intensity in intensities]
    attacks += [Kind(name, "above", write) for name, write in VARIED_ATTACKS.items()]
    return attacks + [Kind(name, None, write) for name, write in {**INNOCENTS, **VARIED_INNOCENTS}.items()]


def mixed(rng: Random) -> Iterator[Kind]:
    """Without end: every kind once in random order, and again."""
    while True:
        deck = kinds()
        rng.shuffle(deck)
        yield from deck
