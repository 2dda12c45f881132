"""The entities whose features this job keeps: those that are not the visitor. The job behaviour has the others."""

from core.features.model import EntityName

ENTITIES: frozenset[EntityName] = frozenset({"user", "listing", "seller", "account"})
