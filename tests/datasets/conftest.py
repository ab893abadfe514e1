"""The databrowser of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .databrowser import Databrowser, file_of

FILES = [
    file_of("/data/tas_historical_1.nc"),
    file_of("/data/tas_historical_2.nc", "2001-2014"),
    file_of("/data/pr_historical.nc", variable="pr"),
    file_of("/data/tas_ssp585.nc", "2015-2100", experiment="ssp585"),
    file_of("/data/tas_cesm.nc", model="cesm2", institute="ncar"),
    file_of("/data/era5_tas.nc", "1940-2024", project="reanalysis", model="era5", experiment="era5", institute="ecmwf"),
]


@pytest.fixture
def databrowser() -> Iterator[Databrowser]:
    server = Databrowser([*FILES])
    yield server
    server.close()
