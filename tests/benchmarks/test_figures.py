"""The judge of the benchmarks: it passes what it should, and it can fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.client import Answer
from benchmarks.figures import Figure, failures, percentile, table
from benchmarks.processes import Ground

FINE = Figure("chunk p50", 0.9, floor=0.8, ratio=1.3)
SLOW = Figure("chunk p50", 2.0, floor=0.8, ratio=1.3)
AWFUL = Figure("chunk p50", 3.2, floor=0.8, ratio=1.3)


def test_a_percentile_lies_between_two_values_by_proportion() -> None:
    values = [4.0, 1.0, 3.0, 2.0, 5.0]
    assert [percentile(values, share) for share in (0, 0.5, 0.625, 1)] == [1.0, 3.0, 3.5, 5.0]
    assert percentile([7.0], 0.99) == 7.0
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 0.5)


def test_the_table_says_what_is_met() -> None:
    lines = table([FINE, SLOW, Figure("CPU", 12.0)]).splitlines()
    assert lines[2] == "| chunk p50 | ms | 0.8 | 0.9 | 1.12 | 1.3 x | yes |"
    assert lines[3].endswith("| 2.50 | 1.3 x | **no** |")
    assert lines[4] == "| CPU | ms |  | 12 |  |  |  |"


def test_check_fails_only_beyond_three_times_the_stated_ratio() -> None:
    assert failures([FINE, SLOW]) == []
    assert failures([FINE, AWFUL]) == [
        "chunk p50: 3.2 ms, 4.00 times the floor, beyond 1.3 x even 3 times over",
    ]


@pytest.mark.parametrize(("product", "failed"), [(50.0, False), (75.0, False), (76.0, True)])
def test_the_stated_ratio_counts_where_the_target_is_in_milliseconds(product: float, failed: bool) -> None:
    figure = Figure("first token", product, floor=4.0, limit=25, stated=25 / 4)
    assert figure.failed is failed
    assert not figure.met


@pytest.mark.parametrize(("product", "failed"), [(150.0, False), (450.0, False), (451.0, True)])
def test_without_a_floor_three_times_the_target_is_too_much(product: float, failed: bool) -> None:
    assert Figure("stop", product, limit=150).failed is failed


def test_a_counted_figure_has_no_slack() -> None:
    assert not Figure("bytes", 120, "B", limit=120, counted=True).failed
    assert failures([Figure("bytes", 121, "B", limit=120, counted=True)]) == ["bytes: 121 B, beyond 120"]
    assert Figure("heavy modules", 1, "", limit=0, counted=True).failed


def test_a_figure_without_a_target_is_never_judged() -> None:
    assert failures([Figure("CPU", 1e9, floor=1.0)]) == []


def test_an_answer_is_read_the_same_however_it_is_cut() -> None:
    lines = [b'{"variant":"Assistant","content":"1.5,2.5 "}', b'{"variant":"StreamEnd","content":"Finished."}']
    one, two = (line + b"\n" for line in lines)
    body = b"%x\r\n%s\r\n%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (
        *(len(one), one),
        *(len(two[:7]), two[:7]),
        *(len(two[7:]), two[7:]),
    )
    for cut in range(1, len(body)):
        answer = Answer()
        assert not answer.feed(body[:cut], 3.0) or cut >= len(body) - 2
        answer.feed(body[cut:], 4.0)
        assert [line for _, line in answer.lines] == lines
        assert answer.stamps()[0][:2] == (1.5, 2.5)
        assert answer.end in (3.0, 4.0)
        assert answer.size == len(body)


@pytest.mark.parametrize(("figure", "code"), [(SLOW, 0), (AWFUL, 1)])
def test_the_exit_code_says_what_check_found(
    figure: Figure, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async def measured(_: Ground) -> list[Figure]:
        return [figure]

    monkeypatch.setitem(BENCHMARKS, "one", measured)
    monkeypatch.setattr("sys.argv", ["benchmarks", "one", "--check", "--json", str(tmp_path / "figures.json")])
    assert main() == code
    assert ("FAILED chunk p50" in capsys.readouterr().out) is bool(code)
    assert json.loads((tmp_path / "figures.json").read_text())["figures"][0]["failed"] is bool(code)
    monkeypatch.setattr("sys.argv", ["benchmarks", "one"])
    assert main() == 0
