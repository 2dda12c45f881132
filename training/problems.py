"""What ends a command of this room."""


class TrainingError(Exception):
    """Files or declarations cannot be used as they are. One line for each problem."""
