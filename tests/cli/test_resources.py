"""``jupyter frevagpt resources``: a folder is indexed, listed, forgotten, and Ctrl-C leaves what is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config"
    config.mkdir()
    (config / "jupyter_server_config.py").write_text("c.FrevaGPT.local_embeddings = False\n")
    own = {"JUPYTER_DATA_DIR": str(tmp_path / "data"), "JUPYTER_CONFIG_DIR": str(config), "PYTHONPATH": str(ROOT)}
    return {**os.environ, **own}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "jupyter_frevagpt.cli", "resources", *words]


def run(environment: dict[str, str], *words: str) -> tuple[int, str, str]:
    done = subprocess.run(command(*words), env=environment, capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(20):
        (folder / f"{number}.md").write_text(f"# Note {number}\n\nof the station\n")
    return folder


def test_a_folder_is_indexed_listed_and_forgotten(environment: dict[str, str], notes: Path) -> None:
    code, said, _ = run(environment, "index", str(notes))
    assert (code, said) == (0, "Indexed as notes: 20 documents, 20 new passages.\n")
    (notes / "21.md").write_text("one more")
    assert run(environment, "index", str(notes))[1] == "Indexed as notes: 21 documents, 1 new passages.\n"
    _, listed, _ = run(environment, "list")
    assert "Found by full text." in listed
    (line,) = [line for line in listed.splitlines() if line.startswith("notes")]
    assert line.split()[1:3] == ["own", "21"]
    assert run(environment, "remove", "notes")[0] == 0
    code, _, error = run(environment, "remove", "notes")
    assert code == 1
    assert "No folder of yours" in error


def test_ctrl_c_ends_it_and_it_can_go_on(environment: dict[str, str], notes: Path, tmp_path: Path) -> None:
    # Held by somebody else, the lock keeps the command in the middle of its work.
    index = tmp_path / "data" / "frevagpt" / "index"
    assert run(environment, "index", str(notes))[0] == 0
    (folder,) = [one.parent for one in index.glob("*/about.json")]
    (notes / "new.md").write_text("new")
    lock = folder / "lock"
    lock.write_text(f"{os.getpid()}\n{os.uname().nodename}\n")
    running = subprocess.Popen(
        command("index", str(notes)), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(15)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=30)
    finally:
        running.kill()
    assert running.returncode == 130
    assert "the same command goes on" in error
    lock.unlink(missing_ok=True)
    assert run(environment, "index", str(notes))[1] == "Indexed as notes: 21 documents, 1 new passages.\n"


def test_what_is_no_folder_is_said(environment: dict[str, str]) -> None:
    code, _, error = run(environment, "index", "/nowhere")
    assert code == 1
    assert "There is no folder of that name" in error
