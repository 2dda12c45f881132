"""The rules that the program needs, for rule files of tests that are about others."""

from core.risk.rules.known_names import KNOWN_NAMES


def known_rules(text: str) -> str:
    """Documents of those rules that a text lacks, with conditions that hold for no event. It begins with the line that
    ends the document before it.
    """
    return "".join(
        f"---\nname: {name}\ntitle: T\nversion: 1\nstatus: live\nlevel: informational\ncondition: event_name == ''\n"
        for name in KNOWN_NAMES
        if f"name: {name}\n" not in text
    )
