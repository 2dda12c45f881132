"""The lake job as it was before the event had one of its columns: an entry point, and that column."""

from contracts.events.columns import columns

NEW = "price"
"""In the middle of the event, and nullable."""
OLDER = tuple(column for column in columns() if column.name != NEW)

if __name__ == "__main__":
    from lake.main import main

    main(OLDER)
