"""A derived enrichment whose own import fails."""

import ua_parsers  # type: ignore[import-not-found]  # noqa: F401
