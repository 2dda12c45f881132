"""How much likelier a sign-in is an attacker's than the owner's.

Freeman, Jain, Dürmuth, Biggio, Giacinto: Who Are You? A Statistical Approach to Measuring User Authenticity.
Network and Distributed System Security Symposium 2016::

    log( p(attack | x, u) / p(owner | x, u) )  =  Σ_k log( p(x_k) / p(x_k | u) )  +  log( p(u | attack) / p(u) )

The features x_k are address, device and client. All counts are of successful sign-ins before this one.

* ``p(x) = (seen + ADDED) / (all + 1)`` over the whole site, so that a value that nobody had before is possible.
* ``p(x | u) = (of_user + PRIOR · prior) / (compared + PRIOR)`` over the account's compared successes. A value that is
  new for the account has the prior alone. For device and client the prior is ``p(x)``. For the address it is
  ``p(network | u) · p(x) / p(network)``, and for the network ``p(country | u) · p(network) / p(country)``: a new
  address of the usual network is less surprising than one of a new network, as in the paper's section on smoothing.
* An attacker chooses all accounts equally often. The number of accounts is not known here; with ``MEAN_SIGN_INS`` for
  each account, ``p(u | attack) / p(u)`` is ``MEAN_SIGN_INS / (learnt + ADDED)``.
"""

from collections.abc import Mapping
from math import log

from core.risk.observation import PLACE, Observation
from core.risk.subject.profile import ADDRESS, CLIENT, COUNTRY, DEVICE, NETWORK, Profile
from core.risk.subject.state import Found

ADDED = 0.5
"""Sign-ins that every value is taken to have had besides those counted (Krichevsky and Trofimov's estimator)."""
PRIOR = 1.0
"""Weight of the prior, in sign-ins: after one sign-in of an account, half of what is expected of it is its own. The
paper fits this weight to labelled sign-ins, of which there are none here."""
MEAN_SIGN_INS = 10.0
"""Of an account. A different mean adds the same to every account's value. This one is the number until which an account
is learnt."""


def likelihood(profile: Profile, observed: Observation, found: Mapping[str, Found]) -> float | None:
    """None for what is no sign-in, if the facets were not asked, and for an account without history."""
    if observed.flow != "sign_in" or not profile.successes:
        return None
    parts = {facet.partition(":")[0]: part for facet, part in found.items()}
    site = parts.get("site")
    if site is None:
        return None
    total = log(MEAN_SIGN_INS / (profile.sign_ins + ADDED))
    for facet, feature, name in (("device", DEVICE, PLACE["device_id"]), ("client", CLIENT, PLACE["client"])):
        part, value = parts.get(facet), observed.values[name]
        if part is not None and value is not None:
            of_all = _of_all(part.seen, site.seen)
            total += log(of_all / _of_user(profile, feature, value, of_all))
    return round(total + _address(profile, observed, parts, site), 3)


def _address(profile: Profile, observed: Observation, parts: Mapping[str, Found], site: Found) -> float:
    part, value = parts.get("address"), observed.values[PLACE["user_ipaddress"]]
    if part is None or value is None:
        return 0.0
    of_all = of_user = 1.0
    levels = (
        (COUNTRY, observed.values[PLACE["geo_country"]], site.seen_in_country),
        (NETWORK, observed.values[PLACE["as_number"]], parts["network"].seen if "network" in parts else None),
        (ADDRESS, value, part.seen),
    )
    for feature, level_value, seen in levels:
        if level_value is None or seen is None:
            continue
        # Facets forget at different times, so a part can have been seen more often than the whole.
        narrower = min(_of_all(seen, site.seen), of_all)
        of_user = _of_user(profile, feature, level_value, of_user * narrower / of_all)
        of_all = narrower
    return log(of_all / of_user)


def _of_all(seen: int, everything: int) -> float:
    return min(1.0, (seen + ADDED) / (everything + 1))


def _of_user(profile: Profile, feature: int, value: int, prior: float) -> float:
    of_user = profile.count(feature, value)
    return (of_user + PRIOR * prior) / (len(profile.successes) + PRIOR)
