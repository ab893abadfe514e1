"""Looking data up, in the browser: tables in the card, and one click for a cell that opens what was found."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from playwright.sync_api import Page, expect

from ..datasets.databrowser import Databrowser, file_of
from ..scripted import Scripted
from .conftest import ask, check_accessibility, open_notebook, reload, run_cell
from .lab import Lab

QUESTION = "which files of precipitation are there"
SOURCES = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.sharedModel.getSource())"

SELECT = "at => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = at; }"


@pytest.fixture(scope="module")
def databrowser() -> Iterator[Databrowser]:
    server = Databrowser([])
    yield server
    server.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, service: Scripted, databrowser: Databrowser) -> Iterator[Lab]:
    base = tmp_path_factory.mktemp("lab")
    catalogue = base / "models.json"
    params = {"model": "openai/scripted", "api_base": service.base, "api_key": "none"}
    catalogue.write_text(json.dumps({"model_list": [{"model_name": "scripted", "litellm_params": params}]}))
    settings = ("--FrevaGPT.local_model=False", "--FrevaGPT.title_model=-")
    running = Lab(base, f"--FrevaGPT.catalogue={catalogue}", f"--FrevaGPT.freva_host={databrowser.host}", *settings)
    yield running
    running.close()


def files_with(folder: Path, values: list[int]) -> list[dict[str, str]]:
    """Return a file for each value, with that as its precipitation."""
    files = []
    for year, value in enumerate(values, start=2001):
        path = folder / f"pr_{year}.nc"
        time = xr.date_range(f"{year}-01-01", periods=1)
        xr.Dataset({"pr": ("time", [float(value)])}, {"time": time}).to_netcdf(path)
        files.append(file_of(str(path), f"{year}-{year}", variable="pr"))
    return files


def rules(facets: dict[str, Any]) -> list[dict[str, Any]]:
    call = {"call": {"name": "find_datasets", "arguments": {"facets": facets}}}
    return [
        {"when": {"user": QUESTION, "after_tool": False}, "reply": [{"text": "I look it up. "}, call]},
        {"when": {"user": QUESTION, "after_tool": True}, "reply": [{"text": "There they are."}]},
    ]


def test_what_is_found_opens_in_the_notebook_with_one_click(
    page: Page, lab: Lab, name: str, service: Scripted, databrowser: Databrowser
) -> None:
    values = random.sample(range(1000, 9999), 2)
    databrowser.files = files_with(lab.root, values)
    service.set_script(rules({"variable": "pr"}))
    open_notebook(page, lab, name, "x = 1", "print(ds.pr.values)")
    page.evaluate(SELECT, 0)
    ask(page, QUESTION)
    card = page.locator(".jp-FrevaGPT-tool[data-tool=find_datasets]")
    expect(card).to_contain_text("2 files for variable=pr")
    expect(card.locator("tr", has_text="model")).to_contain_text("mpi-esm1-2-lr 2")
    expect(card.locator(".jp-FrevaGPT-datasets-file")).to_have_text(["pr_2001.nc", "pr_2002.nc"])
    check_accessibility(page, "datasets")

    card.locator(".jp-FrevaGPT-openFile").nth(1).click()
    cells = page.locator(".jp-NotebookPanel .jp-Cell")
    expect(cells).to_have_count(3)
    assert page.evaluate(SOURCES)[1] == f'import xarray as xr\n\nds = xr.open_dataset("{lab.root}/pr_2002.nc")\nds'
    expect(cells.nth(1).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    run_cell(page)
    run_cell(page)
    expect(cells.nth(2).locator(".jp-OutputArea-output")).to_have_text(f"[{values[1]}.]")

    page.evaluate(SELECT, 0)
    card.locator(".jp-FrevaGPT-openAll").click()
    expect(cells.nth(1)).to_contain_text("open_mfdataset")
    run_cell(page)
    page.evaluate(SELECT, 3)
    run_cell(page)
    expect(cells.nth(3).locator(".jp-OutputArea-output")).to_have_text(f"[{values[0]}. {values[1]}.]")

    reload(page)
    expect(card.locator(".jp-FrevaGPT-datasets-file")).to_have_text(["pr_2001.nc", "pr_2002.nc"])


def test_a_name_that_is_not_there_is_told_and_shows_no_table(
    page: Page, service: Scripted, databrowser: Databrowser
) -> None:
    databrowser.files = [file_of("/data/a.nc")]
    service.set_script(rules({"variabel": "pr"}))
    ask(page, QUESTION)
    card = page.locator(".jp-FrevaGPT-tool[data-tool=find_datasets]")
    expect(card).to_have_attribute("data-state", "done")
    expect(card.locator(".jp-FrevaGPT-datasets")).to_have_count(0)
    told = service.requests()[-1]["body"]["messages"][-1]["content"]
    assert "did you mean variable" in told
    assert "[From outside: the catalogue of the Freva server." in told
