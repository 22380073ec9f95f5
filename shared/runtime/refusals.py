"""What cannot be done with the servers, the log or the tables."""


class Impossible(RuntimeError):
    """What was asked for cannot be done; the message says why, and what to do."""
