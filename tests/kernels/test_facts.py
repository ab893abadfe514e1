"""What a review is told about a real kernel, and the reviews that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jupyter_frevagpt.kernels.facts import SiteFacts, facts_of
from jupyter_frevagpt.kernels.review import KernelFacts, review

from .conftest import Bench, Gate

REWRITER = (
    "import threading\n"
    "threads = set()\n"
    "def rewrite(lines):\n"
    "    threads.add(threading.current_thread() is threading.main_thread())\n"
    "    return ['import os; os.system(\"true\")\\n'] if lines == ['pass\\n'] else lines\n"
)
TREE = (
    "import ast\n"
    "class Rewriter(ast.NodeTransformer):\n"
    "    def visit_Pass(self, node):\n"
    "        return ast.copy_location(ast.parse('import os; os.system(\"true\")').body[0], node)\n"
    "get_ipython().ast_transformers.append(Rewriter())\n"
)
EVENT = "def before(info):\n    pass\nget_ipython().events.register('pre_run_cell', before)\n"


async def told(bench: Bench, code: str, site: SiteFacts | None = None, made: tuple[str, ...] = ()) -> KernelFacts:
    """What the kernel tells, but for the transform of this one cell, after our helper was let in."""
    await bench.guest.review("pass", bench.thread)
    assert bench.guest.ops is not None
    facts = await facts_of(bench.guest.ops, code, site or SiteFacts(), made=made)
    assert facts is not None
    return msgspec.structs.replace(facts, transformed=None)


@pytest.mark.parametrize(
    ("setup", "code", "harmless"),
    [
        ("temps = [1.0, 2.5]", "print(sum(temps))", True),
        ("import numpy as np", "np.mean([1, 2])", True),
        ("import os as np", "np.mean([1, 2])", False),
        ("def sum(x): return x", "sum([1])", False),
        ("temps = [1.0]", "temps.append(2)", False),
        ("import xarray as xr; ds = xr.Dataset({'t': ('x', [1.0])})", "ds.t.mean()", True),
        ("1", "import os; os.remove('x')", False),
        ("filler = {f'v{n}': n for n in range(5000)}; globals().update(filler); print = exec", "print('1')", False),
    ],
)
async def test_reviews_know_what_the_names_are_now(bench: Bench, setup: str, code: str, harmless: bool) -> None:
    assert (await bench.user.run(setup))["status"] == "ok"
    review = await bench.guest.review(code, bench.thread)
    assert review.harmless is harmless, review.reasons


async def test_a_busy_kernel_that_never_met_us_vouches_for_nothing(bench: Bench, gate: Gate) -> None:
    cell = await bench.occupy(f"temps = [1]\n{gate.wait}")
    assert not (await bench.guest.review("print(sum(temps))", bench.thread)).harmless
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.guest.review("print(sum(temps))", bench.thread)).harmless


@pytest.mark.parametrize("place", ["input_transformers_cleanup", "input_transformers_post"])
async def test_what_a_transformer_of_the_user_s_makes_of_code_is_what_is_reviewed(bench: Bench, place: str) -> None:
    assert (await bench.guest.review("pass", bench.thread)).harmless
    await bench.user.run(f"{REWRITER}get_ipython().{place}.append(rewrite)")
    found = await bench.guest.review("pass", bench.thread)
    assert not found.harmless
    assert {"persistence", "processes"} <= {reason.kind for reason in found.reasons if reason.asks}
    assert any("os.system" in reason.text for reason in found.reasons)
    assert (await bench.guest.review("x = 1 + 1", bench.thread)).harmless, "that it leaves as it is"


@pytest.mark.parametrize("setup", [TREE, EVENT])
async def test_what_cannot_be_seen_before_the_run_asks(bench: Bench, setup: str) -> None:
    await bench.user.run(setup)
    for code in ("pass", "x = 1 + 1"):
        found = await bench.guest.review(code, bench.thread)
        assert [reason.kind for reason in found.reasons if reason.asks] == ["persistence"]
        assert not found.standing


async def test_functions_of_the_user_s_are_never_called_beside_a_cell(bench: Bench, gate: Gate) -> None:
    await bench.user.run(f"{REWRITER}get_ipython().input_transformers_cleanup.append(rewrite)")
    assert (await bench.guest.review("x = 1", bench.thread)).harmless
    cell = await bench.occupy(gate.wait)
    found = await bench.guest.review("x = 1", bench.thread)
    assert [reason.kind for reason in found.reasons if reason.asks] == ["persistence"]
    gate.open()
    assert (await bench.user.reply(cell))["status"] == "ok"
    assert (await bench.user.run("assert threads == {True}, threads"))["status"] == "ok"
    assert (await bench.guest.review("x = 1", bench.thread)).harmless


async def test_a_transformer_that_fails_asks(bench: Bench) -> None:
    await bench.user.run(
        "def broken(lines):\n"
        "    if lines == ['x = 1\\n']: raise ValueError('no')\n"
        "    return lines\n"
        "get_ipython().input_transformers_post.append(broken)"
    )
    assert not (await bench.guest.review("x = 1", bench.thread)).harmless
    assert (await bench.guest.review("x = 2", bench.thread)).harmless


@pytest.mark.parametrize(
    ("setup", "code"),
    [
        ("import numpy as np; np.mean = exec", "np.mean('1')"),
        ("import numpy as np\nnp.linalg.norm = lambda x: 1\nfrom numpy import linalg as la", "la.norm([1])"),
        ("import pandas as pd\ndef evil(x): pass\npd.concat = evil", "pd.concat([])"),
        ("import builtins; builtins.oct = lambda x: x", "oct(1)"),
    ],
)
async def test_functions_that_were_replaced_are_not_what_they_are_called(bench: Bench, setup: str, code: str) -> None:
    imports = "import numpy as np, pandas as pd; from numpy import linalg as la"
    assert (await bench.user.run(imports))["status"] == "ok"
    assert (await bench.guest.review(code, bench.thread)).harmless
    assert (await bench.user.run(setup))["status"] == "ok"
    found = await bench.guest.review(code, bench.thread)
    assert not found.harmless
    assert any("was changed in this kernel" in reason.text for reason in found.reasons), found.reasons


async def test_links_that_lead_out_of_the_folder(bench: Bench, tmp_path: Path) -> None:
    work, other, archive = tmp_path / "work", tmp_path / "other", tmp_path / "archive"
    for folder in (work / "data", work / ".hidden", work / "plots" / "inner", other, archive):
        folder.mkdir(parents=True)
    for file in (work / "data" / "in.txt", work / ".hidden" / "key", other / "out.txt", archive / "old.txt"):
        file.write_text("x")
    links = {
        "inside": "data/in.txt",
        "hidden": ".hidden/key",
        "out": other / "out.txt",
        "folder": other,
        "upward": "..",
        "data/deep": "../../other/out.txt",
        "twice": "out",
        "allowed": archive / "old.txt",
    }
    for name, target in links.items():
        (work / name).symlink_to(target)
    await bench.user.run(f"import os; os.chdir({str(work)!r})")
    site = SiteFacts(readable=(str(archive),))
    code = "import glob\nopen(glob.glob('data/*')[0]).read()"
    facts = await told(bench, code, site)
    assert facts.links == {"hidden", "out", "folder", "upward", "data/deep", "twice"}
    assert (await told(bench, code)).links == facts.links | {"allowed"}
    assert facts.files is not None
    assert {"data", "data/in.txt", "plots", "plots/inner", "out"} <= facts.files
    for name in ("out", "hidden", "folder/out.txt", "data/deep", "twice", "upward/x.txt"):
        code = f"open({name!r}).read()"
        asked = await told(bench, code, site)
        assert asked.files is not None
        assert asked.files < facts.files, "only what the code names was looked for"
        assert not review(code, asked).harmless, name
    for name in ("inside", "data/in.txt", "allowed"):
        assert review(f"open({name!r}).read()", await told(bench, f"open({name!r}).read()", site)).harmless, name
    for name in ("out", "hidden", "folder/out.txt", "data/deep", "twice", "upward/x.txt"):
        assert not review(f"open({name!r}).read()", facts).harmless, name
    for name in ("inside", "data/in.txt", "allowed"):
        assert review(f"open({name!r}).read()", facts).harmless, name
    assert not review("import glob\nopen(glob.glob('data/*')[0]).read()", facts).harmless


async def test_only_the_files_that_code_may_mean_are_looked_for(bench: Bench, tmp_path: Path) -> None:
    work = tmp_path / "among"
    (work / "Plots" / "2020").mkdir(parents=True)
    for number in range(2_500):  # more than are listed whole
        (work / f"tas_{number}.nc").touch()
    (work / "Plots" / "2020" / "map.png").touch()
    await bench.user.run(f"import os; os.chdir({str(work)!r}); fig = None")
    assert (await told(bench, "1+1")).files == frozenset()
    assert (await told(bench, "fig.savefig('tas_1.nc')")).files == {
        name for name in (path.name for path in work.iterdir()) if name.startswith("tas_1.nc")
    }
    assert (await told(bench, "fig.savefig('Plots/2020/map.png')")).files == {
        "Plots",
        "Plots/2020",
        "Plots/2020/map.png",
    }
    assert (await told(bench, "fig.savefig('plots.png')")).files == frozenset()
    assert (await told(bench, "fig.savefig(f'tas_{fig}.png')")).files is None, "any is meant, and they are too many"
    assert (await told(bench, "import tas_7")).files == {f"tas_7{rest}.nc" for rest in ("", *_following(7))}


def _following(number: int) -> list[str]:
    return [str(each)[1:] for each in range(2_500) if str(each).startswith(str(number)) and each != number]


async def test_what_a_site_allows_and_what_the_assistant_made(bench: Bench) -> None:
    await bench.user.run("mine = [1]; gone = [3]")
    run = await bench.run("yours = [2]; gone = [4]; left = [5]")
    await bench.user.run("left = [6]")
    site = SiteFacts(frozenset(("data.example.org",)), "freva.example.org", ("/work/archive",))
    facts = await told(bench, "mine.append(1); yours.append(2); gone; left", site, made=(run.snapshot, "no such run"))
    assert (facts.hosts, facts.freva_host, facts.readable) == (site.hosts, site.freva_host, site.readable)
    assert facts.own == {"yours"}, "what it only changed, and what the user made anew, is the user's"
    assert review("yours.append(2)", facts).harmless
    assert not review("mine.append(2)", facts).harmless
    assert review("import pandas as pd\npd.read_csv('https://data.example.org/x.csv')", facts).harmless
    assert not review("import pandas as pd\npd.read_csv('https://other.example.org/x.csv')", facts).harmless


async def test_a_lazy_dataset_is_known_to_be_large(bench: Bench) -> None:
    await bench.user.run(
        "import dask.array as da, xarray as xr\n"
        "ds = xr.Dataset({'t': ('x', da.ones(1_000_000_000_000, chunks=1_000_000_000))}); small = xr.Dataset()"
    )
    facts = await told(bench, "ds.load(); small.load()")
    assert facts.lazy == {"ds": 8_000_000_000_000}
    assert not (await bench.guest.review("ds.load()", bench.thread)).harmless
    assert (await bench.guest.review("small.load()", bench.thread)).harmless


async def test_a_review_asks_the_kernel_once(bench: Bench) -> None:
    assert (await bench.guest.review("pass", bench.thread)).harmless
    ops = bench.guest.ops
    assert ops is not None
    asked = []
    ask = ops._link

    async def counted(kind: str, content: dict[str, Any], **how: Any) -> Mapping[str, Any]:
        asked.append(content["op"])
        return await ask(kind, content, **how)

    ops._link = counted
    assert (await bench.guest.review("x = sum([1, 2])", bench.thread)).harmless
    assert asked == ["review"]
