"""Names and values as SQL for DuckDB."""


def column(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: bool | float | str | None) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int():
            return f"({value})"
        case float():
            return f"'{value!r}'::DOUBLE"
        case _:
            # A zero character would end the statement's text.
            parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
            return parts[0] if len(parts) == 1 else "(" + " || chr(0) || ".join(parts) + ")"
