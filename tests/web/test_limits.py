"""Places: how many there are, and who gets them."""

import pytest

from abclm.web.limits import Busy, Connections, Places


def test_there_are_so_many_places_and_no_more():
    places = Places(2)
    with places.one("127.0.0.1"):
        with places.one("127.0.0.1"):
            assert places.taken == 2
            with pytest.raises(Busy, match="try again in 1 s"), places.one("127.0.0.1"):
                pass
        with places.one("127.0.0.1"):
            pass
    assert places.taken == 0


def test_a_place_is_free_again_whatever_happened_there():
    places = Places(1)
    with pytest.raises(ZeroDivisionError), places.one("127.0.0.1"):
        raise ZeroDivisionError
    with places.one("127.0.0.1"):
        pass


def test_another_machine_gets_no_more_than_half():
    places = Places(4)
    with places.one("192.0.2.1"), places.one("192.0.2.1"):
        with pytest.raises(Busy), places.one("192.0.2.1"):
            pass
        with places.one("192.0.2.2"), places.one("127.0.0.1"), pytest.raises(Busy), places.one("::1"):
            pass


def test_a_socket_without_an_address_is_of_this_machine():
    places = Places(2)
    with places.one(""), places.one(""):
        assert places.taken == 2


def test_how_long_to_wait_is_within_a_minute():
    assert Busy(0).seconds == 1
    assert Busy(2.1).seconds == 3
    assert Busy(1e9).seconds == 60


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_one_address_holds_a_quarter_of_the_connections_and_others_have_room(address):
    connections = Connections(8)
    assert [connections.open(address) for _ in range(3)] == [True, True, False]
    assert connections.open("192.0.2.2")
    for _ in range(2):
        connections.close(address)
    assert connections.open(address)


def test_this_machine_holds_three_quarters_and_nobody_more_than_there_are():
    connections = Connections(8)
    assert [connections.open("127.0.0.1") for _ in range(7)] == [True] * 6 + [False]
    connections.close("127.0.0.1")
    assert [connections.open(f"192.0.2.{last}") for last in range(3)] == [True, True, False]


def test_addresses_of_one_ipv6_network_are_one_client():
    connections = Connections(8)
    opened = [
        connections.open(address)
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1")
    ]
    assert opened == [True, True, False, True]
    mapped = Connections(8)
    opened = [
        mapped.open(address) for address in ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2")
    ]
    assert opened == [True, True, False, True]
