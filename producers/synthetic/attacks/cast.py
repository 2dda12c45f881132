"""The accounts of the scenarios. Each takes part in one scenario only."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from producers.synthetic import addresses
from producers.synthetic.attacks import clients, places
from producers.synthetic.attacks.clients import Client
from producers.synthetic.attacks.places import Place
from producers.synthetic.devices import Device
from producers.synthetic.marketplace import Marketplace, Person
from producers.synthetic.population import USERS, user_id


@dataclass(frozen=True, kw_only=True)
class Account:
    """A person of the marketplace, at home in ``place``."""

    person: Person
    place: Place

    @property
    def user_id(self) -> bytes:
        return self.person.user_id

    def at_home(self, rng: Random) -> Client:
        """A new session of the usual browser."""
        return clients.of_device(self.person.browser, self.person.home, rng)

    def at(self, address: str, rng: Random) -> Client:
        """A new session of the usual browser from elsewhere."""
        return clients.of_device(self.person.browser, address.encode(), rng)


class Cast:
    """Takes people from the less active half of the marketplace, so that ordinary visits seldom disturb a scenario."""

    def __init__(self, marketplace: Marketplace, rng: Random) -> None:
        self._marketplace = marketplace
        self._rng = rng
        self._unused = self._shuffled()
        self._moved: dict[int, Person] = {}
        self._new = max(len(marketplace.people), USERS)

    @property
    def people(self) -> list[Person]:
        """Those who own an account of a scenario and have a past, in the order of their appearance."""
        return list(self._moved.values())

    def account(
        self, place: Place | None = None, *, home: bytes | None = None, browser: Device | None = None
    ) -> Account:
        """A person with a past who lives in ``place``, with ``home`` and ``browser`` of somebody else where given.

        Raises ValueError if the marketplace has too few people.
        """
        number, rng = self._next(), self._rng
        place = place or rng.choice(places.EUROPE)
        address = places.address(place, rng) if home is None else home.decode()
        person = self._marketplace.people[number]
        person = person._replace(
            home=address.encode(),
            mobile=person.mobile and addresses.beside(address, rng).encode(),
            browser=browser or person.browser,
        )
        self._moved[number] = person
        return Account(person=person, place=place)

    def target(self) -> bytes:
        """Id of an account that an attacker tries, but does not get into. Raises ValueError as :meth:`account`."""
        return self._marketplace.people[self._next()].user_id

    def new_account(self) -> bytes:
        """Id of an account that did not exist before."""
        self._new += 1
        return user_id(self._new).encode()

    def marketplace(self) -> Marketplace:
        """The marketplace in which these people live where the scenarios need them: for the ordinary visits."""
        people = list(self._marketplace.people)
        for number, person in self._moved.items():
            people[number] = person
        return self._marketplace._replace(people=people)

    def _next(self) -> int:
        number = next(self._unused, None)
        if number is None:
            raise ValueError(f"{len(self._marketplace.people)} accounts are too few for so many scenarios")
        return number

    def _shuffled(self) -> Iterator[int]:
        numbers = list(range(len(self._marketplace.people) // 2, len(self._marketplace.people)))
        self._rng.shuffle(numbers)
        return iter(numbers)
