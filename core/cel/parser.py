"""Reads a condition: recursive descent over CEL's grammar, without messages, maps, bytes, unsigned numbers and macros.

Two things that CEL allows are refused, since they are mistakes in practice: ``a < b < c`` and a list that is neither
written out nor named. A text is bounded (:data:`MAX_DEPTH`, :data:`MAX_TERMS`), so that no condition is slow to read or
to run.
"""

from typing import NoReturn, cast

from core.cel.errors import CelError, Position
from core.cel.tokens import Token, tokens_of
from core.cel.tree import (
    Arithmetic,
    Calculation,
    Call,
    Choice,
    Comparison,
    Constant,
    Junction,
    Membership,
    Name,
    Negative,
    Node,
    Not,
    Relation,
)

MAX_DEPTH = 40
MAX_TERMS = 500
"""Constants, names and calls."""
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_WORDS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"})
_INT_BITS = 63


def parse(text: str) -> Node:
    """:raises CelError: with line and column, where the text is no condition of the subset."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(tokens_of(text))
        self._next = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Node:
        node = self._choice()
        if self._token.kind != "end":
            self._unexpected("an operator")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _taken(self, *symbols: str) -> Token | None:
        token = self._token
        if token.kind in {"symbol", "name"} and token.text in symbols:
            self._next += 1
            return token
        return None

    def _expect(self, symbol: str) -> None:
        if self._taken(symbol) is None:
            self._unexpected(repr(symbol))

    def _unexpected(self, wanted: str) -> NoReturn:
        token = self._token
        shown = token.text if token.kind == "end" else repr(token.text)
        raise CelError(token.at, f"{wanted} is expected instead of {shown}")

    def _deeper(self, at: Position) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise CelError(at, f"nested deeper than {MAX_DEPTH} levels")

    def _term(self, at: Position) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise CelError(at, f"more than {MAX_TERMS} terms")

    def _choice(self) -> Node:
        self._deeper(self._token.at)
        node = self._junction("||")
        if mark := self._taken("?"):
            then = self._junction("||")
            self._expect(":")
            node = Choice(mark.at, node, then, self._choice())
        self._depth -= 1
        return node

    def _junction(self, operator: str) -> Node:
        at = self._token.at
        operands = [self._operand_of(operator)]
        while self._taken(operator):
            operands.append(self._operand_of(operator))
        return operands[0] if len(operands) == 1 else Junction(at, "||" if operator == "||" else "&&", tuple(operands))

    def _operand_of(self, operator: str) -> Node:
        return self._junction("&&") if operator == "||" else self._relation()

    def _relation(self) -> Node:
        node = self._calculation(("+", "-"))
        if found := self._taken(*_RELATIONS):
            if found.text == "in":
                node = Membership(found.at, node, self._items())
            else:
                node = Comparison(found.at, cast(Relation, found.text), node, self._calculation(("+", "-")))
            if again := self._taken(*_RELATIONS):
                raise CelError(again.at, "comparisons cannot be chained; join them with &&")
        return node

    def _calculation(self, operators: tuple[str, ...]) -> Node:
        is_sum = "+" in operators
        node = self._calculation(("*", "/", "%")) if is_sum else self._unary()
        deeper = 0
        while found := self._taken(*operators):
            self._deeper(found.at)
            deeper += 1
            right = self._calculation(("*", "/", "%")) if is_sum else self._unary()
            node = Calculation(found.at, cast(Arithmetic, found.text), node, right)
        self._depth -= deeper
        return node

    def _unary(self) -> Node:
        sign = self._taken("!", "-")
        if sign is None:
            return self._member()
        self._deeper(sign.at)
        if sign.text == "-" and self._token.kind in {"int", "double"}:
            node: Node = self._after_dot(self._number("-"))
        else:
            operand = self._unary()
            node = Not(sign.at, operand) if sign.text == "!" else Negative(sign.at, operand)
        self._depth -= 1
        return node

    def _member(self) -> Node:
        token = self._token
        if token.kind in {"int", "double"}:
            return self._after_dot(self._number(""))
        if token.kind == "string":
            self._next += 1
            self._term(token.at)
            return self._after_dot(Constant(token.at, token.text))
        if self._taken("("):
            node = self._choice()
            self._expect(")")
            return self._after_dot(node)
        if token.text == "[":
            raise CelError(token.at, "a list is only possible after 'in'")
        if token.kind != "name" or token.text == "in":
            self._unexpected("a value")
        return self._after_dot(self._named())

    def _named(self) -> Node:
        token = self._token
        self._next += 1
        self._term(token.at)
        if token.text in _WORDS:
            return Constant(token.at, _WORDS[token.text])
        if token.text in _RESERVED:
            raise CelError(token.at, f"{token.text!r} is a reserved word")
        if self._is_symbol(0, "("):
            return Call(token.at, token.text, None, self._arguments())
        name = token.text
        while self._is_symbol(0, ".") and not self._is_symbol(2, "("):
            self._next += 1
            if self._token.kind != "name":
                self._unexpected("a name")
            name += "." + self._token.text
            self._next += 1
        return Name(token.at, name)

    def _is_symbol(self, ahead: int, symbol: str) -> bool:
        place = self._next + ahead
        return place < len(self._tokens) and self._tokens[place][:2] == ("symbol", symbol)

    def _after_dot(self, node: Node) -> Node:
        deeper = 0
        while dot := self._taken("."):
            token = self._token
            if token.kind != "name" or not self._is_symbol(1, "("):
                self._unexpected("a function's name")
            self._deeper(dot.at)
            deeper += 1
            self._term(token.at)
            self._next += 1
            node = Call(token.at, token.text, node, self._arguments())
        self._depth -= deeper
        return node

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        if self._taken(")"):
            return ()
        found = [self._choice()]
        while self._taken(","):
            found.append(self._choice())
        self._expect(")")
        return tuple(found)

    def _items(self) -> tuple[Constant, ...] | Name:
        if self._token.kind == "name":
            token = self._token
            self._next += 1
            self._term(token.at)
            return Name(token.at, token.text)
        if self._taken("[") is None:
            self._unexpected("a list such as ['a', 'b'], or a list's name,")
        found: list[Constant] = []
        while not self._taken("]"):
            if found:
                self._expect(",")
            at = self._token.at
            item = self._unary()
            if not isinstance(item, Constant):
                raise CelError(at, "a list has constants only")
            found.append(item)
        return tuple(found)

    def _number(self, sign: str) -> Constant:
        token = self._token
        self._next += 1
        self._term(token.at)
        if token.kind == "double":
            double = float(sign + token.text)
            if double in {float("inf"), float("-inf")}:
                raise CelError(token.at, "the number is too large")
            return Constant(token.at, double)
        number = int(sign + token.text, 16 if token.text[:2].lower() == "0x" else 10)
        if not -(1 << _INT_BITS) <= number < 1 << _INT_BITS:
            raise CelError(token.at, "the number does not fit into 64 bits")
        return Constant(token.at, number)
