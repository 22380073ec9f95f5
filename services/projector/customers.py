"""What a client's own customers are known by, and which employer is one of them. Pure.

The surest kind of key that employer and customer both have decides: the same name is nothing to go by where both have
a domain, and two. A LinkedIn page by its name and one by LinkedIn's number are of two kinds: they may be one.
"""

from collections.abc import Iterable, Iterator, Sequence

from shared.values import is_by_id


class Customers:
    """Customers, each told by the surest of its keys, see `company_keys`, and all keys of each."""

    def __init__(self, told: Iterable[tuple[str, str]] = ()) -> None:
        """`told`: a customer, and a key that it is known by."""
        self._keys: dict[str, set[str]] = {}
        self._named: dict[str, set[str]] = {}
        for customer, key in told:
            self.add(customer, key)

    def __bool__(self) -> bool:
        return bool(self._keys)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((customer, key) for customer, keys in self._keys.items() for key in keys)

    def add(self, customer: str, key: str) -> None:
        """Something more that a customer is known by."""
        self._keys.setdefault(customer, set()).add(key)
        self._named.setdefault(key, set()).add(customer)

    def key_of(self, employer: Sequence[str]) -> str | None:
        """The key by which an employer is a customer, out of the employer's, the surest first; None if it is none."""
        for place, key in enumerate(employer):
            for customer in self._named.get(key, ()):
                if set(map(kind, employer[:place])).isdisjoint(map(kind, self._keys[customer])):
                    return key
        return None


def kind(key: str) -> int:
    """How sure a key is: 0 a domain, 1 a LinkedIn page by its name, 2 one by its number, 3 a name.

    A name as a key has neither dot nor slash.
    """
    if "/" in key:
        return 2 if is_by_id(key) else 1
    return 0 if "." in key else 3
