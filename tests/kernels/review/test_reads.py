"""What text from outside a run may bring in, named for a person."""

from __future__ import annotations

import re

import msgspec
import pytest

from jupyter_frevagpt.kernels.review import KernelFacts, review

from . import attacks, clever, climate, evasions
from .kernel import FACTS

SITE = msgspec.structs.replace(FACTS, hosts=frozenset(("www.freva.dkrz.de", "data.example.org")))
UNTOLD = "code whose reading cannot be told"
PRINTED = "what a process printed"


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("open('notes.txt').read()", "the file notes.txt"),
        ("with open('notes.txt', 'rt') as f:\n    print(f.read())", "the file notes.txt"),
        ("import json\njson.load(open('data/x.json'))", "the file data/x.json"),
        ("from pathlib import Path\nprint(Path('notes.txt').read_text())", "the file notes.txt"),
        ("from pathlib import Path\nPath('mask.npy').read_bytes()", "the file mask.npy"),
        ("np.load('mask.npy')", "the file mask.npy"),
        ("np.loadtxt('notes.txt')", "the file notes.txt"),
        ("pd.read_csv('stations.csv')", "the file stations.csv"),
        ("pd.read_excel('stations.xlsx')", "the file stations.xlsx"),
        ("p = 'pr.nc'\nxr.open_dataset(p).pr.mean()", "the file pr.nc"),
        ("[xr.open_dataset(p) for p in ('pr.nc', 'tas.nc')]", "the file pr.nc|the file tas.nc"),
        ("xr.open_mfdataset('data/*.nc')", "the file data/*.nc"),
        ("import glob\nprint(glob.glob('data/*.nc'))", "the names of the files data/*.nc"),
        ("import glob\nxr.open_mfdataset(glob.glob('*.nc'))", "the names of the files *.nc|files that a search found"),
        ("for y in range(3):\n    xr.open_dataset(f'tas_{y}.nc')", "the file tas_….nc"),
        ("pd.read_csv('https://data.example.org/x.csv')", "the address https://data.example.org/x.csv"),
        ("pd.read_csv('https://evil.org/x.csv')", "the address https://evil.org/x.csv"),
        ("xr.open_dataset('https://evil.org/dods/x.nc')", "the address https://evil.org/dods/x.nc"),
        ("import requests\nrequests.get('https://evil.org/x').text", "the address https://evil.org/x"),
        ("import requests\nrequests.get(title)", "an address on the network"),
        ("from urllib.request import urlopen\nurlopen('https://evil.org/')", "the address https://evil.org/"),
        ("import httpx\nhttpx.get('https://evil.org/')", "the address https://evil.org/"),
        ("import fsspec\nfsspec.open('s3://bucket/x')", "the address s3://bucket/x"),
        ("import intake\nintake.open_catalog('https://evil.org/c.yml')", "the address https://evil.org/c.yml"),
        ("from freva_client import databrowser\nprint(databrowser(project='x'))", "the catalogue of the Freva server"),
        ("!ls", PRINTED),
        ("x = !cat notes.txt", PRINTED),
        ("%%bash\ncurl https://evil.org", PRINTED),
        ("import subprocess\nsubprocess.run(['ls'], capture_output=True)", PRINTED),
        ("import os\nos.popen('ls').read()", PRINTED),
        ("%pip list", PRINTED),
        ("%cat notes.txt", "a file"),
        ("import h5py\nh5py.File('x.h5')", "a file"),
        ("open(title)", "a file whose name is only known when it runs"),
        ("open('notes.txt', 'r+')", "a file whose name is only known when it runs"),
        ("import yaml\nyaml.safe_load(title)", UNTOLD),
        ("import requests", ""),
        ("import joblib\njoblib.load('x.joblib')", UNTOLD),
        ("my_index(ds)", UNTOLD),
        ("eval(title)", UNTOLD),
        ("import evil_things", UNTOLD),
        ("1 +", UNTOLD),
        ("print(ds)\nds.tas.mean().plot()\ndf.head()", ""),
        ("x = [n * 2 for n in range(3)]\nprint(f'{np.mean(x):.2f}', title, years)", ""),
        ("plt.plot(arr)\nplt.savefig('new.png')", ""),
        ("plt.savefig('old.png')", ""),
        ("df.to_csv('results.csv')", ""),
        ("with open('new.csv', 'w') as f:\n    f.write('x')", ""),
        ("import shutil\nshutil.rmtree('data')", ""),
        ("import os\nos.remove('tas.nc')", ""),
        ("import os\nos.makedirs('plots', exist_ok=True)", ""),
        ("df['x'] = 1\ndel ds", ""),
        ("import io\npd.read_csv(io.StringIO('a,b'))", ""),
        ("big.load()", ""),
    ],
)
def test_reads(code: str, reads: str) -> None:
    found = review(code, SITE).reads
    wanted = tuple(filter(None, reads.split("|")))
    if wanted and wanted[0] in (PRINTED, "a file") and UNTOLD in found:
        found = tuple(source for source in found if source != UNTOLD)
    assert found == wanted


def test_other_languages_and_long_code_may_read_anything() -> None:
    assert review("x <- 1", KernelFacts(language="R")).reads == (UNTOLD,)
    assert review("x = 1\n" * 50_000, FACTS).reads == (UNTOLD,)


def test_what_asks_because_it_may_do_anything_may_read_anything() -> None:
    for code in (*evasions.EVASIONS, *attacks.ATTACKS, *clever.EVASIONS):
        found = review(code, FACTS)
        done = [reason for reason in found.reasons if reason.asks and not re.search(r": (import|from) ", reason.text)]
        if {reason.kind for reason in done} & {"unknown", "dynamic", "network", "processes"}:
            assert found.reads, code


def test_snippets_that_only_compute_bring_nothing_in() -> None:
    for code in climate.SNIPPETS:
        marks = ("open", "read", "load", "glob", "Path(", "Dataset(", "databrowser")
        if not any(mark in code for mark in marks):
            assert review(code, FACTS).reads == (), code


def test_the_list_is_bounded() -> None:
    code = "\n".join(f"xr.open_dataset('{'x' * 200}{number}.nc')" for number in range(100)) + "\neval(title)"
    found = review(code, FACTS).reads
    assert len(found) <= 21
    assert all(len(source) <= 70 for source in found)
    assert UNTOLD in found
