"""Listing spam by a ring of accounts, and a professional seller who is none."""

from producers.synthetic import devices
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.descriptions import description
from producers.synthetic.identifiers import hex64
from producers.synthetic.text_hash import text_hash

_DISTANCE = 1
"""Bits between the ring's first text and another one: any two of them are within twice as many."""


def spam_ring(script: Script) -> None:
    """50 minutes, 6 to 9 new accounts, each with its own device and address: the same long text with small edits and a
    telephone number, and the same photo; below: 2 accounts.
    """
    rng = script.rng
    text, photo, length = long_text(script), rng.getrandbits(64), 50 * MINUTE_MS
    for at_ms in script.moments(rng.randint(6, 9) if script.above else 2, length):
        place = rng.choice(places.EUROPE)
        device = devices.browser(place.region, rng)
        client = clients.of_device(device, places.address(place, rng).encode(), rng)
        account = script.cast.new_account()
        script.sign_up(at_ms, account, client)
        script.publish(
            at_ms + rng.uniform(1, 3) * MINUTE_MS,
            account,
            client,
            text_hash=text_hash(edited(text, script)),
            image_hash=f"{photo ^ 1 << rng.randrange(64):016x}",
            has_contact=True,
            has_link=rng.random() < 0.5,
            price_ratio=rng.uniform(0.2, 0.5),
        )


def professional_seller(script: Script) -> None:
    """An account with a past publishes 15 to 25 listings in 5 hours: similar texts with a link to the seller's shop."""
    rng, account = script.rng, script.cast.account()
    client, text = account.at_home(rng), long_text(script)
    script.sign_in(0, account.user_id, client)
    for at_ms in script.moments(rng.randint(15, 25), 5 * HOUR_MS):
        script.publish(
            5 * MINUTE_MS + at_ms,
            account.user_id,
            client,
            text_hash=text_hash(edited(text, script)),
            image_hash=hex64(rng).decode(),
            has_contact=False,
            has_link=True,
            price_ratio=rng.uniform(0.8, 1.2),
        )


def long_text(script: Script) -> str:
    return " ".join(description(script.rng) for _ in range(14))


def edited(text: str, script: Script) -> str:
    """Another word, and a number at the end, so that the hash hardly changes."""
    rng = script.rng
    while True:
        parts = text.split()
        parts[rng.randrange(len(parts))] = description(rng).split()[0]
        changed = f"{' '.join(parts)} +49 151 {rng.randrange(10**7):07d}"
        if (int(text_hash(changed), 16) ^ int(text_hash(text), 16)).bit_count() <= _DISTANCE:
            return changed
