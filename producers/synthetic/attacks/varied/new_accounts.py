"""Accounts that are registered to be misused, and programs that claim to be crawlers."""

from producers.synthetic.attacks import clients
from producers.synthetic.attacks.networks import hosted
from producers.synthetic.attacks.script import HOUR_MS, MINUTE_MS, Script
from producers.synthetic.attacks.sign_ups import THROW_AWAY
from producers.synthetic.attacks.spam import long_text
from producers.synthetic.attacks.varied.origins import Origin, browser_agent, household
from producers.synthetic.descriptions import description
from producers.synthetic.identifiers import hex64
from producers.synthetic.text_hash import text_hash

_CLAIMS = (
    "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/128.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) "
    "Chrome/116.0.1938.76 Safari/537.36",
    "Googlebot/2.1 (+http://www.google.com/bot.html)",
    "Googlebot-Image/1.0",
)


def varied_sign_ups(script: Script) -> None:
    """16 to 40 accounts from one to three addresses of a household or a provider, 2 s to 100 s apart, with a tool or
    browsers, with mailboxes anywhere.
    """
    rng, origin = script.rng, Origin("address", script.rng)
    domain = rng.choice((None, rng.choice(THROW_AWAY), f"mail-{hex64(rng).decode()}.example"))
    gap, at_ms = 2_000 * 50 ** rng.random(), 0.0
    for _ in range(rng.randint(16, 40)):
        script.sign_up(at_ms, script.cast.new_account(), origin.client(), email_domain=domain)
        at_ms += gap * rng.uniform(0.5, 1.5)


def spam_by_one_account(script: Script) -> None:
    """A new account has 10 to 40 listings within 20 minutes to 3 hours, with a telephone number or a link, at half the
    price or less; the texts are edited or have nothing in common.
    """
    rng = script.rng
    client = clients.tool(browser_agent(rng), household(rng))
    if rng.random() < 0.7:
        client = clients.tool_with_new_ids(browser_agent(rng), household(rng), rng)
    account, text, is_edited = script.cast.new_account(), long_text(script), rng.random() < 0.5
    has_contact = rng.random() < 0.7
    script.sign_up(0, account, client)
    for at_ms in script.moments(rng.randint(10, 40), rng.uniform(1 / 3, 3) * HOUR_MS):
        script.publish(
            rng.uniform(1, 2) * MINUTE_MS + at_ms,
            account,
            client,
            text_hash=text_hash(edited(text, script) if is_edited else long_text(script)),
            image_hash=hex64(rng).decode(),
            has_contact=has_contact,
            has_link=not has_contact or rng.random() < 0.5,
            price_ratio=rng.uniform(0.1, 0.5),
        )


def spam_ring_edited(script: Script) -> None:
    """6 to 15 new accounts at households of their own, 1 to 12 minutes apart: one text with one to six other words in
    each copy, one photo that differs in up to 3 bits, a telephone number or a link.
    """
    rng = script.rng
    text, photo, has_contact = long_text(script), rng.getrandbits(64), rng.random() < 0.7
    at_ms, gap = 0.0, rng.uniform(1, 12) * MINUTE_MS
    for _ in range(rng.randint(6, 15)):
        client = clients.tool_with_new_ids(browser_agent(rng), household(rng), rng)
        account = script.cast.new_account()
        script.sign_up(at_ms, account, client)
        flipped = sum(1 << bit for bit in rng.sample(range(64), rng.randint(0, 3)))
        script.publish(
            at_ms + rng.uniform(0.5, 20) * MINUTE_MS,
            account,
            client,
            text_hash=text_hash(edited(text, script)),
            image_hash=f"{photo ^ flipped:016x}",
            has_contact=has_contact,
            has_link=not has_contact or rng.random() < 0.3,
            price_ratio=rng.uniform(0.15, 0.6),
        )
        at_ms += gap * rng.uniform(0.5, 1.5)


def lying_crawler_anywhere(script: Script) -> None:
    """3 to 80 requests by what claims to be one of Google's or Bing's crawlers, from a household or a provider."""
    rng = script.rng
    client = clients.tool(rng.choice(_CLAIMS), rng.choice((household, hosted))(rng))
    for at_ms in script.moments(rng.randint(3, 80), rng.uniform(1, 60) * MINUTE_MS):
        script.request(at_ms, client)


def edited(text: str, script: Script) -> str:
    """One to six other words."""
    rng, parts = script.rng, text.split()
    for place in rng.sample(range(len(parts)), rng.randint(1, 6)):
        parts[place] = description(rng).split()[0]
    return " ".join(parts)
