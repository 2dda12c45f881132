"""Of which events a condition can be true at all, so that it is evaluated for no others."""

from collections.abc import Mapping

from core.cel.tree import Comparison, Constant, Junction, Membership, Name, Node


def event_names(node: Node, of_rules: Mapping[str, frozenset[str] | None]) -> frozenset[str] | None:
    """None: of any, as far as the condition's form shows.

    :param of_rules: rule that the condition may name → of which events that one can hold.
    """
    match node:
        case Comparison(operator="==", left=Name(name="event_name"), right=Constant(value=str(value))):
            return frozenset({value})
        case Membership(operand=Name(name="event_name"), items=tuple() as items):
            return frozenset(item.value for item in items if isinstance(item.value, str))
        case Name(name=name):
            return of_rules.get(name)
        case Junction(operator="&&", operands=operands):
            known = [names for each in operands if (names := event_names(each, of_rules)) is not None]
            return frozenset.intersection(*known) if known else None
        case Junction(operator="||", operands=operands):
            every = [event_names(each, of_rules) for each in operands]
            named = [names for names in every if names is not None]
            return frozenset().union(*named) if len(named) == len(every) else None
        case _:
            return None
