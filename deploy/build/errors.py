"""What can go wrong before anything runs.

SetupError
├── MissingToolError   a program or file that must be there is not
├── BuildError         a build tool failed
└── PackageError       an archive breaks the rules of the managed service

Each message is written for a person at a terminal.
"""


class SetupError(Exception):
    """Base of everything that set-up, builds and the local stack raise by intent."""


class MissingToolError(SetupError):
    """A program (java, mvn, npm, redis-server) or a file is missing; the message says how to get it."""


class BuildError(SetupError):
    """A build tool such as Maven failed; the message ends with the end of its log."""


class PackageError(SetupError):
    """The archive cannot be made, or must not be used; the message says what is wrong, one line a fault."""
