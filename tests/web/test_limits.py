"""Places: how many there are, and who gets them."""

import pytest

from abclm.web.limits import Busy, Places


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
