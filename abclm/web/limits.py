"""Say how much may be asked for at a time, and turn who asks for more away until there is room."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from math import ceil


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is asked for at a time, how large it may be and how long it may take.

    Args:
        connections: open at a time; more are closed at once, and more of one client than its share (`Connections`).
        requests: answered at a time.
        body_bytes: of a request.
        read_seconds: for a request to arrive.
        stall_seconds: for a client to take what was sent to it, 64 KiB at most.
        tunes: being written or waiting for it.
        writers: tunes being written at a time, in turns.
        write_seconds: for a tune, once it is begun.
        conversions: being made, waiting for it, or being sent.
        workers: processes that make them.
        convert_seconds: for a conversion.
        wait_seconds: for a worker to be free, or, as far as can be told, for a tune to be begun.
        answer_bytes: of all conversions being sent; none is begun while they are more.
        sound_seconds: that a tune may last.
    """

    connections: int = 512
    requests: int = 256
    body_bytes: int = 1 << 18
    read_seconds: float = 10.0
    stall_seconds: float = 20.0
    tunes: int = 48
    writers: int = 6
    write_seconds: float = 60.0
    conversions: int = 32
    workers: int = 2
    convert_seconds: float = 20.0
    wait_seconds: float = 20.0
    answer_bytes: int = 1 << 28
    sound_seconds: float = 300.0


class ClosingError(Exception):
    """The server is being ended, and gives up what it was asked for."""

    def __init__(self) -> None:
        super().__init__("the server is closing; start it again")


class Busy(Exception):
    """There is no room for what is asked.

    Args:
        seconds: after which there may be.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = min(60, max(1, ceil(seconds)))
        super().__init__(f"too much is asked for at once; try again in {self.seconds} s")


class Places:
    """So many places to be held at a time, of which no other machine gets more than half.

    What comes from this machine, a proxy's requests among it, may take all. Used by one thread.

    Args:
        most: places there are.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._held: Counter[str] = Counter()
        self._seconds = 1.0  # that a place is held, a mean over the last few

    @contextmanager
    def one(self, client: str) -> Iterator[None]:
        """Hold a place.

        Args:
            client: the address of who asks.

        Raises:
            Busy: there is none.
        """
        self.check(client)
        self.taken += 1
        self._held[client] += 1
        begun = time.monotonic()
        try:
            yield
        finally:
            self._seconds += (time.monotonic() - begun - self._seconds) / 8
            self.taken -= 1
            self._held[client] -= 1
            if not self._held[client]:
                del self._held[client]

    def check(self, client: str) -> None:
        """Raise Busy where there is no place for a client."""
        share = self.most if _is_this_machine(client) else max(1, self.most // 2)
        if self.taken >= self.most or self._held[client] >= share:
            raise Busy(self._seconds)


class Connections:
    """So many connections at a time, of which one client gets a share, so that nobody holds all. Used by one thread.

    A client is an address, of IPv6 the first 64 bits, which are one network's. Another machine gets a quarter, and this
    machine, through which a proxy's clients come, three quarters.

    Args:
        most: connections there are.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[str] = Counter()

    def open(self, address: str) -> bool:
        """Count a connection; whether there is room for it. It is closed again in any case."""
        client = _network(address)
        self._held[client] += 1
        quarters = 3 if _is_this_machine(address) else 1
        return self._held.total() <= self._most and self._held[client] <= max(1, self._most * quarters // 4)

    def close(self, address: str) -> None:
        """Count a connection no more."""
        client = _network(address)
        self._held[client] -= 1
        if not self._held[client]:
            del self._held[client]


def _network(address: str) -> str:
    """What counts as one client: an address, or the first 64 bits of one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or int(found) >> 64)


def _is_this_machine(client: str) -> bool:
    try:
        return ip_address(client).is_loopback
    except ValueError:  # a socket of this machine has no address
        return True
