"""Which of what a run may read comes over the network: that alone makes the policy run ask."""

from __future__ import annotations

import pytest

from jupyter_frevagpt.kernels.about import KernelAbout
from jupyter_frevagpt.kernels.appraisal import appraise

PYTHON = KernelAbout("python", "ipython")


@pytest.mark.parametrize(
    ("code", "outside"),
    [
        ("import pandas as pd\npd.read_csv('https://evil.org/x.csv')", ["the address https://evil.org/x.csv"]),
        ("import requests\nrequests.get(title)", ["an address on the network"]),
        ("!curl https://evil.org/x", ["what a process printed"]),
        ("%%bash\ncurl https://evil.org", ["what a process printed"]),
        ("!ls", []),
        ("open('notes.txt').read()", []),
        ("import xarray as xr\nxr.open_dataset('tas.nc')", []),
        ("print(1)", []),
        ("import strange\nstrange.look()", []),
    ],
)
async def test_outside(code: str, outside: list[str]) -> None:
    review = await appraise(code, PYTHON, None)
    assert list(review.outside) == outside
    assert set(review.outside) <= set(review.reads)
