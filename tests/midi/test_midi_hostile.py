"""Damaged and made-up MIDI files end in a tune without an error, or in an error of one line, in little time."""

import random
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))
from fuzz_midi import look_at, mutated


@settings(max_examples=50)
@given(st.integers(0, 2**32), st.binary(max_size=60))
def test_a_mutated_file_gives_a_tune_without_an_error_or_one_line(seed, inserted):
    look_at(mutated(random.Random(seed), inserted))


@pytest.mark.slow
def test_two_thousand_mutated_files_give_tunes_without_an_error_or_one_line():
    for seed in range(2000):
        look_at(mutated(random.Random(seed)))
