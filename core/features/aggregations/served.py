"""How a value that is kept is served."""

from core.features.model import SCALE, Feature


def served(feature: Feature, kept: int | str) -> int | float | str:
    """A text as it is; thousandths as a number, or as the number's text where the feature is served as text."""
    if isinstance(kept, str):
        return kept
    if feature.value_type in {"string", "string_list"}:
        return number_text(kept)
    return round(kept / SCALE) if feature.value_type == "int" else kept / SCALE


def number_text(thousandths: int) -> str:
    """``12500`` → ``12.5``, ``20000`` → ``20``."""
    whole, rest = divmod(abs(thousandths), SCALE)
    text = f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)
    return f"-{text}" if thousandths < 0 else text
