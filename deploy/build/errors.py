"""Errors of set-up and builds.

SetupError
├── MissingToolError   a program or a file is missing
├── BuildError         a build tool failed
└── PackageError       an archive cannot be made, or breaks the rules of the managed service

Each message is written for a person at a terminal.
"""


class SetupError(Exception):
    """Base of every error that set-up, builds and the local stack raise on purpose."""


class MissingToolError(SetupError):
    """A program (java, mvn, npm, redis-server) or a file is missing. The message says how to get it."""


class BuildError(SetupError):
    """A build tool such as Maven failed. The message ends with the end of its log."""


class PackageError(SetupError):
    """The archive cannot be made, or must not be used. The message has one line for each fault."""
