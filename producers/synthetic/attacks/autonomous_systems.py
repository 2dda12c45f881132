"""The autonomous system of every network in the scenarios, as a database in MaxMind's format has it.

Those of hosting providers, VPNs, carriers and crawlers are real. A household's has a number for private use (RFC 6996)
and a name of its own, so that another place is another network.
"""

from collections.abc import Mapping

from producers.synthetic.attacks.networks import NETWORKS
from producers.synthetic.attacks.places import EUROPE, FAR

_PRIVATE_USE = 4_200_000_000


def records() -> Mapping[str, Mapping[str, int | str]]:
    """CIDR → record of a GeoLite2 ASN database. No block is a part of another."""
    known = {network.block: (network.number, network.organization) for network in NETWORKS}
    known |= {place.block: (_PRIVATE_USE + n, f"{place.name} Broadband") for n, place in enumerate((*EUROPE, *FAR))}
    return {
        block: {"autonomous_system_number": number, "autonomous_system_organization": organization}
        for block, (number, organization) in known.items()
    }
