"""placeholder"""


def verify() -> None:
    """x"""


def rebuild() -> None:
    """x"""
