"""The past of accounts: sign-ins before the stream, after which a job knows what is usual for them."""

from collections.abc import Iterable
from random import Random

from producers.synthetic.attacks import clients
from producers.synthetic.attacks.acts import Act
from producers.synthetic.attacks.cast import Cast
from producers.synthetic.attacks.script import Script
from producers.synthetic.marketplace import Marketplace, Person
from producers.synthetic.transaction_events import WRONG_PASSWORD_SHARE
from producers.synthetic.visits import APPLICATION_SHARE, MOBILE_SHARE

DAY_MS = 24 * 3_600_000
_SPREAD = 0.2


def history(  # noqa: PLR0917  # by position, as a plan
    people: Iterable[Person], cast: Cast, marketplace: Marketplace, days: float, sign_ins: int, rng: Random
) -> list[Act]:
    """``sign_ins`` for each person, a fifth more or less, with the devices and addresses of ordinary visits. The times
    are from the beginning of the ``days``.
    """
    script = Script(cast, marketplace, rng, above=False)
    for person in people:
        for _ in range(max(1, round(sign_ins * rng.uniform(1 - _SPREAD, 1 + _SPREAD)))):
            at_ms = rng.random() * days * DAY_MS
            address = person.mobile if person.mobile and rng.random() < MOBILE_SHARE else person.home
            uses_application = person.application is not None and rng.random() < APPLICATION_SHARE
            device = person.application if person.application and uses_application else person.browser
            client = clients.of_device(device, address, rng)
            if rng.random() < WRONG_PASSWORD_SHARE:
                script.sign_in(at_ms - 20_000, person.user_id, client, reason="wrong_password")
            script.sign_in(at_ms, person.user_id, client)
    return script.acts
