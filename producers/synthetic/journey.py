"""A visitor's next action: a Markov chain over the marketplace's actions."""

from collections.abc import Mapping
from random import Random
from typing import Literal

Action = Literal[
    "page_view",
    "listing_view",
    "search",
    "like",
    "share",
    "add_to_cart",
    "order",
    "checkout",
    "sign_up",
    "sign_in",
    "password_change",
    "listing_create",
]
Step = Action | Literal["end"]
Journey = Mapping[Action, tuple[Step, ...]]
"""For every action a hundred next steps with equal probability."""

ON_SERVER: frozenset[Action] = frozenset({"order", "sign_up", "sign_in", "password_change", "listing_create"})
"""Actions that the marketplace's servers report instead of the client, because only they know that it succeeded."""
NEEDS_ACCOUNT: frozenset[Action] = frozenset({"like", "checkout", "order", "password_change", "listing_create"})


def _journey(percent: Mapping[Action, Mapping[Step, int]]) -> Journey:
    chains = {action: tuple(step for step, n in nexts.items() for _ in range(n)) for action, nexts in percent.items()}
    if any(len(steps) != 100 for steps in chains.values()):
        raise ValueError("the next steps of an action must add up to 100 percent")
    return chains


_PERSON: Mapping[Action, Mapping[Step, int]] = {
    "page_view": {"search": 30, "listing_view": 30, "page_view": 20, "sign_in": 4, "sign_up": 1,
                  "listing_create": 2, "password_change": 1, "end": 12},
    "search": {"listing_view": 60, "search": 20, "page_view": 6, "end": 14},
    "like": {"listing_view": 50, "search": 20, "add_to_cart": 10, "end": 20},
    "share": {"listing_view": 55, "search": 20, "end": 25},
    "add_to_cart": {"checkout": 45, "listing_view": 25, "search": 15, "end": 15},
    "order": {"page_view": 50, "end": 50},
    "sign_up": {"page_view": 60, "search": 25, "listing_create": 15},
    "sign_in": {"page_view": 75, "search": 15, "listing_create": 7, "password_change": 3},
    "password_change": {"page_view": 80, "end": 20},
    "listing_create": {"listing_view": 50, "page_view": 30, "end": 20},
}  # fmt: skip
PLEASED = _journey(
    {
        **_PERSON,
        "listing_view": {"listing_view": 26, "like": 15, "share": 4, "add_to_cart": 13, "search": 12,
                         "page_view": 13, "end": 17},
        "checkout": {"order": 75, "page_view": 8, "end": 17},
    }
)  # fmt: skip
"""While the listing suits the person's taste."""
NOT_PLEASED = _journey(
    {
        **_PERSON,
        "listing_view": {"listing_view": 34, "like": 5, "share": 2, "add_to_cart": 3, "search": 18,
                         "page_view": 17, "end": 21},
        "checkout": {"order": 58, "page_view": 15, "end": 27},
    }
)  # fmt: skip
"""While it does not, or there is none yet."""

BOT = _journey(
    {
        "page_view": {"listing_view": 70, "page_view": 20, "search": 7, "end": 3},
        "listing_view": {"listing_view": 82, "page_view": 15, "end": 3},
        "search": {"listing_view": 90, "search": 7, "end": 3},
    }
)


def next_step(journey: Journey, action: Action, signed_in: bool, rng: Random) -> Step:
    """The step after ``action``. A step that needs an account is replaced by ``sign_in`` while not signed in."""
    step = journey[action][int(rng.random() * 100)]
    if step in NEEDS_ACCOUNT and not signed_in:
        return "sign_in"
    if signed_in and step in ("sign_in", "sign_up"):
        return "page_view"
    return step
