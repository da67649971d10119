"""Products of hidden values: exact in integers, by ONNX Runtime and by NumPy, for any number of texts."""

import logging
import sys

import numpy as np
import pytest

from abclm.models.quantised import dequantise, quantise
from abclm.models.recurrent import products
from abclm.models.recurrent.products import FloatProduct, IntegerProduct, OnnxProduct, integer_product


@pytest.fixture(autouse=True)
def fresh():
    integer_product.cache_clear()
    yield
    integer_product.cache_clear()


def times(product, hidden, columns):
    sums = np.empty((len(hidden), columns), np.float32)
    product.bound(hidden.copy(), sums)()
    return sums


def sizes(units, columns, batch, ends=False):
    generator = np.random.default_rng(units)
    matrix = generator.normal(size=(units, columns)).astype(np.float32)
    hidden = generator.uniform(-2, 2, (batch, units)).astype(np.float32)
    if ends:  # every sum is as large as it can be
        matrix[:], hidden[:] = 1, np.resize([-2, 2], (batch, 1))
    return matrix, np.full(columns, 0.5, np.float32), hidden


@pytest.mark.parametrize(
    ("units", "columns", "batch"),
    [(1, 1, 1), (5, 3, 2), (70, 363, 1), (1024, 83, 19), (1041, 5, 3), (2310, 17, 2)],
)
@pytest.mark.parametrize("ends", [False, True])
def test_both_ways_give_the_sums_of_integers(units, columns, batch, ends):
    pytest.importorskip("onnxruntime")
    matrix, factors, hidden = sizes(units, columns, batch, ends)
    values, scales = quantise(matrix)
    whole = np.floor(hidden * np.float32(63.5) + np.float32(128.5)).astype(int) - 128
    expected = (whole @ values.astype(int)).astype(np.float32) * (scales * factors / np.float32(127))
    for kind in (IntegerProduct, OnnxProduct):
        np.testing.assert_array_equal(times(kind(matrix, factors, 0.5), hidden, columns), expected)


def test_integers_come_close_to_float32():
    matrix, factors, hidden = sizes(300, 40, 7)
    exact, rounded = (
        times(kind(matrix, factors, 0.5), hidden, 40) for kind in (FloatProduct, IntegerProduct)
    )
    np.testing.assert_allclose(exact, hidden / 2 @ matrix * factors, atol=1e-4)
    assert 0 < np.abs(exact - rounded).max() < 0.15
    again = FloatProduct(dequantise(*quantise(matrix)), factors, 0.5)
    assert np.abs(times(again, hidden, 40) - rounded).max() < 0.1


@pytest.mark.parametrize("problem", ["missing", "saturates", "old"])
def test_without_onnx_runtime_numpy_serves_and_says_so_once(monkeypatch, caplog, problem):
    if problem == "missing":
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
    else:
        pytest.importorskip("onnxruntime")
        monkeypatch.setattr(products, "_is_exact" if problem == "saturates" else "CONTRIBUTED", {
            "saturates": lambda: False, "old": "com.unknown",
        }[problem])  # fmt: skip
    with caplog.at_level(logging.INFO, "abclm"):
        assert integer_product() is integer_product() is IntegerProduct
    (record,) = caplog.records
    assert record.getMessage().startswith("tunes are written without ONNX Runtime, more slowly: ")
    assert "\n" not in record.getMessage()


def test_with_onnx_runtime_it_serves():
    pytest.importorskip("onnxruntime")
    assert integer_product() is OnnxProduct
