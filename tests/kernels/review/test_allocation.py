"""Code that asks for more memory than is free is asked about; usual sizes, and those that nobody can tell, are not."""

from __future__ import annotations

import msgspec
import pytest

from jupyter_frevagpt.kernels.review import review

from .ids import short
from .kernel import FACTS

TOO_MUCH: tuple[str, ...] = (
    "np.ones(10**11)",
    "np.zeros((100_000, 100_000, 10))",
    "np.empty([10**6, 10**6], dtype='float32')",
    "np.full(shape=(10**6, 10**5), fill_value=0, dtype=np.int8)",
    "np.ones(100_000_000_000, bool)",
    "n_cells = 10**11\nfield = np.zeros(n_cells)",
    "ny, nx = 10**6, 10**6\nfield = np.zeros((10**6, 10**6))",
    "side = 200_000\nnp.zeros((side, side * 2))",
    "np.arange(0, 1e12, 0.5)",
    "np.linspace(0, 1, 10**11)",
    "np.linspace(0, 1, num=10**11)",
    "np.eye(10**6)",
    "np.identity(10**6)",
    "np.random.rand(10**6, 10**6)",
    "np.random.normal(size=10**11)",
    "np.random.normal(0, 1, (10**6, 10**5))",
    "rng = np.random.default_rng()\nrng.random(10**11)",
    "rng = np.random.default_rng(1)\nrng.normal(0, 1, size=(10**6, 10**6))",
    "np.tile(arr, 10**11)",
    "arr.repeat(10**11)",
    "[0] * 10**11",
    "10**11 * [0, 1]",
    "line = 'x' * 10**12",
    "zeros = [0, 0]\nzeros * 10**11",
    "bytearray(10**12)",
    "list(range(10**11))",
    "sorted(range(0, 10**12, 2))",
    "np.array(range(10**11))",
    "[i * 2 for i in range(10**11)]",
    "{i: 0 for i in range(10**11)}",
    "pd.date_range('2000', periods=10**11)",
    "np.zeros(1 << 40)",
    "if n:\n    np.ones(10**11)",
    "def f():\n    return np.ones(10**11)",
)
FINE: tuple[str, ...] = (
    "np.ones(10**6)",
    "np.zeros((720, 1440, 100))",
    "np.ones(10**9, dtype='int8')",
    "np.arange(-89.5, 90, 1.0)",
    "np.linspace(0, 1, 1001)",
    "np.eye(1000)",
    "np.random.default_rng(42).normal(size=(1000, 1000))",
    "np.zeros(n)",
    "np.zeros(arr.shape)",
    "np.zeros_like(arr)",
    "np.tile(arr, (2, 2))",
    "for i in range(10**11):\n    break",
    "sum(i for i in range(10**11))",
    "[0] * 12",
    "'-' * 80",
    "list(big.data_vars)",
    "[name for name in big.data_vars]",
    "sorted(big.dims)",
    "plt.scatter([1], [2], s=10**11)",
    "x = 10**11\nprint(x * 3.5 / 1e9)",
    "seconds = 86400 * 365 * 10**9",
    "pd.date_range('2000', periods=1200, freq='MS')",
    "2 ** 10**9 if n else 1",
    "np.ones(10**9 // 10**6)",
)


@pytest.mark.parametrize("code", TOO_MUCH, ids=short)
def test_more_than_fits_is_asked_about(code: str) -> None:
    asking = [reason for reason in review(code, FACTS).reasons if reason.asks]
    assert {reason.kind for reason in asking} == {"memory"}
    assert "of which 16 GB are free" in asking[0].text


@pytest.mark.parametrize("code", FINE, ids=short)
def test_usual_sizes_are_not(code: str) -> None:
    assert [reason.text for reason in review(code, FACTS).reasons if reason.asks] == []


def test_it_counts_against_half_of_what_is_free_on_that_machine() -> None:
    small = msgspec.structs.replace(FACTS, free_memory=10_000)
    (reason,) = (reason for reason in review("np.ones(1000)", small).reasons if reason.asks)
    assert reason.text == "Takes 8 kB of memory, of which 10 kB are free: np.ones(1000)."
    assert review("np.ones(600)", small).harmless
    assert review("np.ones(10**11)", msgspec.structs.replace(FACTS, free_memory=None)).harmless
