"""Why there is no archive."""


class PackageError(Exception):
    """The archive cannot be made, or must not be used; the message says what is wrong, one line a fault."""
