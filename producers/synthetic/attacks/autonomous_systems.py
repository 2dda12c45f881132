"""The autonomous system of every network in the scenarios, as the local stack's database has it."""

from collections.abc import Mapping

from producers.synthetic.attacks.networks import NETWORKS
from producers.synthetic.attacks.places import EUROPE, FAR


def records() -> Mapping[str, Mapping[str, int | str]]:
    """CIDR → record of an ASN database in MaxMind's format. No block is a part of another."""
    return {
        known.block: {
            "autonomous_system_number": known.number,
            "autonomous_system_organization": known.organization,
        }
        for known in (*NETWORKS, *EUROPE, *FAR)
    }
