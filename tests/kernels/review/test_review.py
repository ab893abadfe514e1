"""What a review says: the words, the kinds, what is told without a question, what is never allowed for a chat."""

from __future__ import annotations

import sys

import msgspec
import pytest

from jupyter_frevagpt.kernels.review import KernelFacts, Reason, review
from jupyter_frevagpt.kernels.review.report import Kind

from .kernel import FACTS


def asking(code: str, facts: KernelFacts = FACTS) -> list[Reason]:
    return [reason for reason in review(code, facts).reasons if reason.asks]


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        ("import shutil\nshutil.rmtree('out')", "files", "Deletes files: shutil.rmtree('out')."),
        (
            "import subprocess\nsubprocess.run(['ls'])",
            "processes",
            "other processes or threads: subprocess.run(['ls']).",
        ),
        ("import os\nos.system('ls')", "processes", "other processes or threads: os.system('ls')."),
        ("pd.read_csv('https://x.org/a.csv')", "network", "Opens an address on the network: pd.read_csv('https"),
        ("%pip install x", "installs", "Installs software"),
        ("exit()", "exit", "Ends the kernel: exit()."),
        ("import os\nos.environ['HOME']", "secrets", "Reads settings or secrets of the session: os.environ['HOME']."),
        ("del ds", "drops", "Deletes your variable ds."),
        ("df['x'] = 1", "mutates", "Changes your variable df in place."),
        ("big.load()", "memory", "Loads 120 GB into memory, of which 16 GB are free: big.load()."),
        ("np = 1", "persistence", "Makes np something else for all later code: np."),
        (
            "from IPython.display import HTML\nHTML(title)",
            "browser",
            "Shows content that the browser would run: HTML(title).",
        ),
        ("eval(title)", "dynamic", "Runs or loads code that cannot be read here: eval(title)."),
        ("pd.read_csv('http://127.0.0.1:8888')", "loopback", "Names this very computer or the assistant's own server"),
        ("my_index(ds)", "unknown", "Uses your function my_index, whose code was not looked at."),
        ("ds.to_netcdf('tas.nc')", "files", "Writes tas.nc, which is there already."),
        ("import torch_thing", "unknown", "Imports what is not known here: import torch_thing."),
    ],
)
def test_words(code: str, kind: Kind, text: str) -> None:
    reasons = asking(code)
    assert kind in {reason.kind for reason in reasons}
    assert any(reason.kind == kind and text in reason.text for reason in reasons), reasons


def test_lines_count_from_one() -> None:
    assert asking("x = 1\n\nimport os\nos.remove('x')")[0].line == 4


def test_new_files_and_new_values_are_told_without_a_question() -> None:
    found = review("ds = ds.mean('time')\nds.to_netcdf('mean.nc')", FACTS)
    assert found.harmless
    assert [(reason.kind, reason.text) for reason in found.reasons] == [
        ("rebinds", "Gives your variable ds a new value."),
        ("writes", "Writes a new file, mean.nc."),
    ]


def test_what_the_assistant_made_itself_may_be_changed() -> None:
    own = msgspec.structs.replace(FACTS, own=frozenset(("df",)))
    assert not review("df['x'] = 1\ndel df", FACTS).harmless
    assert review("df['x'] = 1\ndel df", own).reasons == ()


@pytest.mark.parametrize(
    ("code", "never"),
    [
        ("import os\nos.environ", True),
        ("pd.read_csv('http://localhost/')", True),
        ("np.mean = print", True),
        ("eval(title)", True),
        ("!curl http://127.0.0.1:8888/api", True),
        ("!$(echo Y3VybA==)", True),
        ("import os\nos.remove('x')", False),
        ("!ls -l", False),
        ("!cdo -V", False),
        ("my_index(ds)", False),
        ("%pip install cmocean", False),
        ("pd.read_csv('https://example.org/x.csv')", False),
        ("ds.mean()", False),
    ],
)
def test_what_is_never_allowed_for_a_chat(code: str, never: bool) -> None:
    assert review(code, FACTS).never_standing is never


def test_a_network_call_to_an_address_that_is_not_literal_is_never_allowed_for_a_chat() -> None:
    assert review("import requests\nrequests.get('http://' + title)", FACTS).never_standing
    assert not review("import requests\nrequests.get('https://example.org/x')", FACTS).never_standing


def test_a_kernel_that_rewrites_the_code_asks_and_shows_what_will_run() -> None:
    rewritten = msgspec.structs.replace(FACTS, transformed="import os\nos.system('ls')\n")
    kinds = {reason.kind for reason in asking("pass", rewritten)}
    assert kinds == {"persistence", "processes"}
    same = msgspec.structs.replace(FACTS, transformed="get_ipython().run_line_magic('matplotlib', 'inline')\n")
    assert review("%matplotlib inline", same).harmless


def test_code_that_python_refuses_is_let_run_only_where_the_kernel_refuses_it_too() -> None:
    broken = "x = 1\nfor in range(3):\n    pass"
    assert review(broken, FACTS).harmless
    other = msgspec.structs.replace(FACTS, python=(sys.version_info.major, sys.version_info.minor + 1))
    assert not review(broken, other).harmless
    assert not review(broken, KernelFacts()).harmless
    assert not review("rm -r out", FACTS).harmless, "a single line may be a magic without its percent sign"


def test_other_languages_ask() -> None:
    assert not review("x <- 1", KernelFacts(language="R")).harmless


def test_memory_counts_against_half_of_what_is_free() -> None:
    facts = KernelFacts(variables={"d": "xarray.Dataset"}, lazy={"d": 6}, free_memory=10)
    assert [reason.kind for reason in asking("d.load()", facts)] == ["memory"]
    assert review("d.mean().load()", facts).harmless
    assert review("d.load()", msgspec.structs.replace(facts, free_memory=12)).harmless
    assert review("d.load()", msgspec.structs.replace(facts, free_memory=None)).harmless


def test_folders_and_hosts_that_a_site_allows() -> None:
    facts = msgspec.structs.replace(FACTS, readable=("/work/archive",), hosts=frozenset(("data.example.org",)))
    assert review("xr.open_dataset('/work/archive/cmip6/tas.nc')", facts).harmless
    assert not review("xr.open_dataset('/work/archive/../other/tas.nc')", facts).harmless
    assert not review("xr.open_dataset('/work/archive2/tas.nc')", facts).harmless
    assert not review("ds.to_netcdf('/work/archive/new.nc')", facts).harmless
    assert review("pd.read_csv('https://data.example.org/x.csv')", facts).reasons == ()
    assert not review("pd.read_csv('https://data.example.org:x@evil.org/x.csv')", facts).harmless


def test_the_freva_server_is_asked_only_where_it_is_allowed() -> None:
    code = "from freva_client import databrowser\ndatabrowser(project='cmip6')"
    assert review(code, FACTS).harmless
    assert not review(code, msgspec.structs.replace(FACTS, freva_host="")).harmless
    assert not review(code, msgspec.structs.replace(FACTS, hosts=frozenset())).harmless


def test_a_module_in_the_working_directory_is_not_taken_for_the_real_one() -> None:
    shadowed = msgspec.structs.replace(FACTS, files=frozenset(("scipy.py",)))
    assert review("from scipy import stats", FACTS).harmless
    assert not review("from scipy import stats", shadowed).harmless
    folder = msgspec.structs.replace(FACTS, files=frozenset(("scipy/__init__.py",)))
    assert not review("from scipy import stats", folder).harmless


def test_files_that_may_be_there_already() -> None:
    loop = "for year in range(2000, 2003):\n    plt.savefig(f'map_{year}.png')"
    assert review(loop, FACTS).harmless
    assert not review(loop, msgspec.structs.replace(FACTS, files=frozenset(("map_2001.png",)))).harmless
    assert not review(loop, msgspec.structs.replace(FACTS, files=None)).harmless
    odd = msgspec.structs.replace(FACTS, files=frozenset(("a[1].png", "plots", "maps/one.png")))
    assert not review("plt.savefig('a[1].png')", odd).harmless
    assert not review("plt.savefig('plots/new.png')", odd).harmless
    assert not review("plt.savefig('maps/one.png')", odd).harmless
