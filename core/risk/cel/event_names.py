"""Of which events a condition can be true at all, so that it is evaluated for no others."""

from core.risk.cel.tree import Comparison, Constant, Junction, Membership, Name, Node


def event_names(node: Node) -> frozenset[str] | None:
    """None: of any, as far as the condition's form shows."""
    match node:
        case Comparison(operator="==", left=Name(name="event_name"), right=Constant(value=str(value))):
            return frozenset({value})
        case Membership(operand=Name(name="event_name"), items=items):
            return frozenset(item.value for item in items if isinstance(item.value, str))
        case Junction(operator="&&", operands=operands):
            known = [names for names in map(event_names, operands) if names is not None]
            return frozenset.intersection(*known) if known else None
        case Junction(operator="||", operands=operands):
            each = [event_names(operand) for operand in operands]
            named = [names for names in each if names is not None]
            return frozenset().union(*named) if len(named) == len(each) else None
        case _:
            return None
