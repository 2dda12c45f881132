"""Entry point of the lake job as it was before the event had the column :data:`NEW`."""

from contracts.events.columns import columns

NEW = "price"
"""A nullable column in the middle of the event."""
OLDER = tuple(column for column in columns() if column.name != NEW)

if __name__ == "__main__":
    from lake.main import main

    main(OLDER)
