"""Networks that are no household's: hosting providers, VPNs, carriers, and the crawlers' own.

:data:`NETWORKS` is what the data of the lookup service should know, so that a job sees what the scenarios mean.
"""

from ipaddress import IPv4Network
from random import Random
from typing import Literal, NamedTuple


class Network(NamedTuple):
    """``block`` is a CIDR, IPv4; ``number`` and ``organization`` are those of its autonomous system in the
    local stack's database.
    """

    block: str
    number: int
    organization: str
    kind: Literal["hosting", "vpn", "carrier", "crawler"]


HOSTING = (
    Network("167.99.0.0/16", 14061, "DigitalOcean, LLC", "hosting"),
    Network("95.217.0.0/16", 24940, "Hetzner Online GmbH", "hosting"),
    Network("141.94.0.0/16", 16276, "OVH SAS", "hosting"),
    Network("51.15.0.0/16", 12876, "Scaleway SAS", "hosting"),
    Network("45.76.0.0/16", 20473, "The Constant Company, LLC", "hosting"),
    Network("172.105.0.0/16", 63949, "Akamai Technologies, Inc.", "hosting"),
)
VPN = (
    Network("146.70.64.0/18", 9009, "M247 Europe SRL", "vpn"),
    Network("89.187.160.0/19", 60068, "Datacamp Limited", "vpn"),
)
CARRIER = (
    Network("80.187.96.0/19", 3320, "Deutsche Telekom AG", "carrier"),
    Network("109.40.0.0/15", 3209, "Vodafone GmbH", "carrier"),
)
CRAWLERS = (
    Network("66.249.64.0/19", 15169, "Google LLC", "crawler"),
    Network("40.77.167.0/24", 8075, "Microsoft Corporation", "crawler"),
)
NETWORKS = (*HOSTING, *VPN, *CARRIER, *CRAWLERS)


def random_address(block: str, rng: Random) -> str:
    """A random address of the block whose last octet is neither 0 nor 255."""
    network = IPv4Network(block)
    blocks = network.num_addresses // 256
    first = int(network.network_address)
    return str(IPv4Network((first + 256 * int(rng.random() * blocks) + 1 + int(rng.random() * 254), 32))[0])


def random_addresses(block: str, count: int, rng: Random) -> list[str]:
    """``count`` distinct addresses."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[random_address(block, rng)] = None
    return list(found)


def hosted(rng: Random) -> str:
    """An address of any hosting provider."""
    return random_address(rng.choice(HOSTING).block, rng)
