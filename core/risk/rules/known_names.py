"""The names of event rules that the program itself asks for. Rule files say what they mean."""

from collections.abc import Mapping
from typing import Final

from core.risk.rules.model import Rule, RuleProblem

SIGN_IN_SUCCEEDED: Final = "sign_in_succeeded"
"""What a successful sign-in is: habits are learnt from it."""
SIGN_IN_FAILED: Final = "sign_in_failed"
"""What a failed sign-in is: the account's failures in a row."""
PROVEN_SIGN_IN: Final = "proven_sign_in"
"""Successes that prove the owner, by a second factor or a passkey. They are learnt also where they were challenged."""
UNREMEMBERED_NETWORK: Final = "unremembered_network"
"""Networks that no habit is learnt from."""
KNOWN_NAMES: Final = (SIGN_IN_SUCCEEDED, SIGN_IN_FAILED, PROVEN_SIGN_IN, UNREMEMBERED_NETWORK)


def missing(rules: Mapping[str, Rule], on_event: frozenset[str], file: str) -> list[RuleProblem]:
    """What is wrong where one of the names is none of a condition on the event, or of no rule.

    :param on_event: names of the rules whose condition is on the event.
    :param file: that is told where there is no such rule.
    """
    return [
        RuleProblem(rules[name].file, rules[name].line, f"{name}: the program needs it to be a condition on the event")
        if name in rules
        else RuleProblem(file, 1, f"no file has the rule {name}, which the program needs")
        for name in KNOWN_NAMES
        if name not in on_event
    ]
