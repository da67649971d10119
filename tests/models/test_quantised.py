"""Weights as integers with a scale for each column, and products of whole numbers."""

import numpy as np
import pytest

from abclm.models.quantised import LARGEST, Packed, Weights, dequantise, exact_product, fixed_point, quantise


def noise(*shape, seed=0):
    generator = np.random.default_rng(seed)
    return (generator.standard_t(3, shape) * generator.uniform(1e-3, 10, shape[-1])).astype(np.float32)


def test_a_weight_is_off_by_half_a_scale_at_most_and_the_largest_of_a_column_is_127():
    weight = noise(200, 30)
    values, scales = quantise(weight)
    assert (values.dtype, scales.dtype) == (np.int8, np.float32)
    assert (np.abs(values).max(axis=0) == LARGEST).all()
    assert (np.abs(dequantise(values, scales) - weight) <= scales * 0.501).all()
    np.testing.assert_allclose(scales * LARGEST, np.abs(weight).max(axis=0), rtol=2**-15)


def test_what_is_quantised_again_is_the_same():
    values, scales = quantise(noise(100, 500))
    again, same = quantise(dequantise(values, scales))
    np.testing.assert_array_equal(again, values)
    np.testing.assert_array_equal(same, scales)


@pytest.mark.parametrize("value", [0.0, 1e-40, 1e6])
def test_columns_of_zeros_and_of_extreme_values_are_held(value):
    weight = np.full((4, 1), value, np.float32)
    np.testing.assert_allclose(dequantise(*quantise(weight)), weight, rtol=1e-4, atol=1e-30)


def test_an_exact_product_has_the_same_bits_in_any_order_and_those_of_float64_nearly():
    left, right = noise(50, 256), noise(256, 40, seed=1)
    product, order = exact_product(left, right), np.random.default_rng(2).permutation(256)
    np.testing.assert_array_equal(exact_product(left[:, order], right[order]), product)
    np.testing.assert_array_equal(exact_product(left, right[:, :3]), product[:, :3])
    np.testing.assert_allclose(
        product, left.astype(float) @ right, atol=1e-5 * np.abs(left).max() * np.abs(right).max()
    )


def test_values_in_fixed_point_add_up_exactly():
    whole, unit = fixed_point(np.float32([1, -1, 0.3]), 1024, largest=1.0)
    assert (whole == np.rint(whole)).all()
    assert np.abs(whole).max() ** 2 * 1024 <= 2**53
    np.testing.assert_allclose(whole * unit, [1, -1, 0.3], atol=unit)


def test_packed_columns_are_those_of_the_weight():
    packed = Packed(*quantise(noise(7, 9)))
    weight = np.asarray(packed)
    np.testing.assert_array_equal(weight, dequantise(packed.values, packed.scales))
    np.testing.assert_array_equal(packed[:, 2:5], weight[:, 2:5])
    np.testing.assert_array_equal(np.concatenate([packed, packed[:, 1:]], axis=1)[:, 9:], weight[:, 1:])
    assert quantise(packed)[0] is packed.values
    assert (packed.shape, weight.dtype) == ((7, 9), np.float32)


def test_what_is_stored_in_16_bits_is_quantised_as_in_32():
    weight = noise(130, 20).astype(np.float16)
    for found, expected in zip(quantise(weight), quantise(weight.astype(np.float32)), strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


def test_weights_are_a_mapping_that_keeps_what_it_has_given_in_float32():
    stored = {"a": Packed(*quantise(noise(3, 4))), "b": np.float16([1, 2])}
    weights = Weights(stored)
    other, before = Weights.of(weights), weights.checksum()
    once = weights.once()
    assert dict(weights.shapes()) == {"a": (3, 4), "b": (2,)}
    assert list(once) == list(weights) == ["a", "b"]
    assert len(once) == len(weights) == 2
    once["b"][0] = 7
    assert weights.checksum() == before
    weights["b"][0] = 7
    assert weights["b"].tolist() == once["b"].tolist() == [7, 2]
    assert other["b"].tolist() == [1, 2]
    assert weights.checksum() != before
    copied = weights.copy()
    copied["b"] += 1
    del copied["a"]
    assert (weights["b"].tolist(), sorted(weights)) == ([7, 2], ["a", "b"])
    assert dict(**copied)["b"].dtype == np.float32


def test_weights_are_joined_with_others_as_a_dict_is():
    weights = Weights.of({"a": np.ones(2), "b": np.zeros(1)})
    joined = weights | {"b": np.ones(1)}
    assert [float(joined["b"][0]), float(weights["b"][0])] == [1, 0]
    weights |= {"b": np.ones(1)}
    assert float(weights["b"][0]) == 1
    assert list(weights) == list(joined) == ["a", "b"]
