"""The decoder on pieces of plain ids, by an engine that counts: what follows an id is the next one."""

import numpy as np
import pytest

from abclm.generation.constraint import Constraint
from abclm.generation.decoder import Decoder
from abclm.generation.draft import Draft
from abclm.generation.sampling import Sampler
from abclm.models.context import COLUMNS, COPY_COLUMNS
from abclm.models.copies import GATE
from abclm.models.recall import Cache

TOKENS = 300  # more than a byte holds
START = 299


class Counter:
    """The id after the last is the likeliest, by far; after the start it is 0."""

    few = 4

    def __init__(self, batch):
        self.last = np.zeros(batch, int)

    @property
    def batch(self):
        return len(self.last)

    def start(self, batch=1):
        return Counter(batch)

    def step(self, state, ids):
        state.last[:] = ids
        logits = np.zeros((len(ids), TOKENS), np.float32)
        logits[np.arange(len(ids)), (np.array(ids) + 1) % TOKENS] = 50
        return logits

    def column(self, place):
        return self.only([place])

    def only(self, places):
        state = Counter(len(places))
        state.last[:] = self.last[places]
        return state

    def put(self, place, column):
        self.last[place] = column.last[0]


class Below(Constraint):
    """Any id below some, until a last one."""

    def __init__(self, most, last):
        self.mask = np.arange(TOKENS) < most
        self.last = last
        self.ended = False

    def allowed(self):
        return self.mask

    def advance(self, token_id):
        self.ended = token_id == self.last


class Again(Draft):
    """Takes back what it has after the id 5, twice, to where 3 was drawn."""

    times = 0
    begin = None

    def take(self, token_id, here):
        if token_id == 3 and self.begin is None:
            self.begin = self.snapshot(here)
        self.add(token_id)
        if token_id == 5 and self.times < 2:
            self.times += 1
            return self.rewind(self.begin)
        return None


def decode(*drafts, sampler=None):
    waiting = list(drafts[5:])
    decoder = Decoder(Counter(0), START, sampler or Sampler(temperature=0), list(drafts[:5]))
    return [
        draft.ids for ended in decoder.run(lambda: waiting.pop(0) if waiting else None) for draft in ended
    ]


def draft(most=TOKENS, last=280, length=1000, kind=Draft, seed=0, cache=None):
    return kind(Below(most, last), np.random.default_rng(seed), length, cache)


def test_a_piece_ends_where_its_constraint_ends_it_or_at_its_length():
    assert decode(draft(last=7)) == [list(range(8))]
    assert decode(draft(length=5)) == [list(range(5))]
    assert decode(draft(length=290, last=-1))[0][-10:] == list(range(280, 290))


def test_ids_that_are_not_allowed_are_not_drawn():
    ids = decode(draft(most=4, length=400), sampler=Sampler())[0]
    assert set(ids) == {0, 1, 2, 3}
    assert ids[:4] == [0, 1, 2, 3]


@pytest.mark.parametrize("batch", [1, 5])
def test_what_is_taken_back_is_drawn_again_from_the_state_that_it_had(batch):
    drafts = [draft(last=9, kind=Again) for _ in range(batch)]
    assert decode(*drafts) == [list(range(10))] * batch
    assert [each.times for each in drafts] == [2] * batch


def test_the_next_piece_begins_in_the_place_of_one_that_is_finished():
    lengths = [3, 9, 4, 8, 5, 7, 6]
    found = decode(*(draft(length=length) for length in lengths))
    assert sorted(map(len, found)) == sorted(lengths)
    assert all(ids == list(range(len(ids))) for ids in found)


def test_what_is_recalled_counts_beside_what_the_engine_expects():
    class Unsure(Counter):
        def step(self, state, ids):
            logits = super().step(state, ids)
            logits[np.array(ids) == 7] = np.arange(TOKENS) == 100
            return logits

    def after_7(cache):
        piece = draft(length=9, cache=cache)
        list(Decoder(Unsure(0), START, Sampler(temperature=0), [piece]).run(lambda: None))
        return piece.ids[8]

    cache = Cache((0.9,))
    for token_id in (5, 6, 7, 256):
        cache.add(token_id)
    assert after_7(None) == 100
    assert after_7(cache) == 256


def test_a_piece_has_the_same_random_numbers_in_any_batch():
    class Flat(Counter):
        def step(self, state, ids):
            return np.zeros((len(ids), TOKENS), np.float32)

    def run(count):
        drafts = [draft(length=150, last=-1, seed=seed) for seed in range(count)]
        for _ in Decoder(Flat(0), START, Sampler(), drafts[:3]).run(lambda: None):
            pass
        return [each.ids for each in drafts]

    assert run(3)[0] == run(1)[0]


class Place:
    """The context of a piece: after an even id, a copy is there that would write 250."""

    def __init__(self):
        self.row = bytearray(len(COLUMNS))

    def copy(self):
        other = Place()
        other.row = self.row
        return other

    def add(self, token_id):
        self.row = bytearray(len(COLUMNS))
        self.row[COPY_COLUMNS[1]] = 0 if token_id % 2 else 251


class Copying(Counter):
    """A copy that is there is certain."""

    def step(self, state, ids, places):
        logits = super().step(state, ids)
        gate = np.full((len(ids), GATE), -np.inf, np.float32)
        gate[:, 0] = 0
        gate[:, 2] = [50 if place[COPY_COLUMNS[1]] else -np.inf for place in places]
        return np.concatenate([logits, gate], axis=1)


def copying(length, batch, kind=Draft):
    pieces = [
        kind(Below(TOKENS, -1), np.random.default_rng(1), length, context=Place()) for _ in range(batch)
    ]
    list(Decoder(Copying(0), START, Sampler(), pieces).run(lambda: None))
    return [piece.ids for piece in pieces]


@pytest.mark.parametrize("batch", [1, 6])
def test_copies_of_the_context_are_drawn_as_the_gate_says(batch):
    assert copying(4, batch) == [[0, 250, 250, 250]] * batch


def test_a_context_goes_back_with_its_piece():
    class Back(Draft):
        """Takes back all but the first id, once."""

        begin_again = None

        def take(self, token_id, here):
            if len(self.ids) == 1 and self.begin_again is None:
                self.begin_again = self.snapshot(here)
            self.add(token_id)
            self.contexts = [*getattr(self, "contexts", ()), self.context.row[COPY_COLUMNS[1]]]
            return self.rewind(self.begin_again) if len(self.contexts) == 3 else None

    class Odd(Copying):
        """Every id is followed by the next one, without a copy."""

        def step(self, state, ids, places):
            scores = super().step(state, ids, places)
            scores[:, -GATE + 1 :] = -np.inf
            return scores

    piece = Back(Below(TOKENS, -1), np.random.default_rng(1), 4, context=Place())
    list(Decoder(Odd(0), START, Sampler(), [piece]).run(lambda: None))
    assert piece.ids == [0, 1, 2, 3]
    assert piece.contexts == [251, 0, 251, 0, 251, 0]
