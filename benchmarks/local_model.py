"""Scores the embedded model: asks it everything in ``tests/models/local_asks.jsonl``, runs its code, prints the score.

::

    python benchmarks/local_model.py --powers 40 --python /a/python/with/xarray

Numbers in the asks are drawn at random (``--seed``). No gate: the score is for whoever changes prompt or snippets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

from jupyter_frevagpt.domain.values import ToolSpec
from jupyter_frevagpt.models.local import NAME, TOOL, LocalModel

ROOT = Path(__file__).parent.parent
ASKS = ROOT / "tests/models/local_asks.jsonl"
POWERS = ("What is 2 to the power of {n}?", "2 to the power of {n}", "compute 3 to the power of {n}")


def draw(rounds: int, powers: int, choice: random.Random) -> list[dict[str, Any]]:
    """Return the asks with their numbers filled in."""
    rows = [json.loads(line) for line in ASKS.read_text().splitlines()] * rounds
    for pattern in POWERS:
        check = f"number({'3' if '3' in pattern else '2'} ** n)"
        rows += [{"ask": pattern, "draw": {"n": [2, 60]}, "check": check, "group": pattern}] * powers
    asks = []
    for row in rows:
        drawn = {name: choice.randint(*bounds) for name, bounds in row.get("draw", {}).items()}
        asks.append({**row, "question": row["ask"].format(**drawn) if drawn else row["ask"], "drawn": drawn})
    return [{**ask, "seed": choice.randrange(1 << 30)} for ask in asks]


async def ask_all(model: LocalModel, asks: list[dict[str, Any]]) -> None:
    """Add to each ask the model's ``code`` (empty when it wrote none), its ``seconds`` and its ``tokens``."""
    for ask in asks:
        chat = await model.chat(NAME)
        start = time.perf_counter()
        arguments = ""
        ask["tokens"] = 0
        async with aclosing(
            chat.stream([{"role": "user", "content": ask["question"]}], [ToolSpec(TOOL, "", {})])
        ) as chunks:
            async for chunk in chunks:
                arguments += "".join(call.arguments for call in chunk.calls)
                ask["tokens"] += chunk.usage.completion_tokens if chunk.usage else 0
        ask["seconds"] = time.perf_counter() - start
        ask["code"] = json.loads(arguments)["code"] if arguments else ""


def judge(asks: list[dict[str, Any]], python: str) -> None:
    """Add ``passed`` and ``seen`` to each ask."""
    coded = [ask for ask in asks if ask["code"]]
    runner = [python, str(Path(__file__).with_name("_run_asks.py"))]
    told = subprocess.run(runner, input=json.dumps(coded), capture_output=True, text=True, check=True).stdout
    for ask, (passed, seen) in zip(coded, json.loads(told), strict=True):
        ask.update(passed=passed and ask["check"] != "talk", seen=seen)
    for ask in asks:
        if not ask["code"]:
            ask.update(passed=ask["check"] == "talk", seen="no code")


async def main() -> None:
    """Ask, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the numbers drawn; default: another each time")
    parser.add_argument("--rounds", type=int, default=1, help="how often all asks are asked")
    parser.add_argument("--powers", type=int, default=0, help="further random powers, for each of three phrasings")
    parser.add_argument("--python", default=sys.executable, help="runs the code; has numpy, pandas, matplotlib, xarray")
    options = parser.parse_args()
    asks = draw(options.rounds, options.powers, random.Random(options.seed))
    model = LocalModel(snippets_path=ROOT / "resources/local-model/snippets.jsonl")
    start = time.perf_counter()
    await ask_all(model, [draw(1, 0, random.Random(1))[0]])
    first = time.perf_counter() - start
    await ask_all(model, asks)
    memory = _memory(model.pid)
    await model.aclose()
    judge(asks, options.python)
    for ask in asks:
        if not ask["passed"]:
            sys.stdout.write(f"- {ask['question']}\n    {ask['code']!r}\n    {ask['seen'][:160]!r}\n")
    groups = sorted({ask.get("group", "asks") for ask in asks})
    for group in groups:
        passed = [ask["passed"] for ask in asks if ask.get("group", "asks") == group]
        sys.stdout.write(f"{group}: {sum(passed)} of {len(passed)}\n")
    seconds = sorted(ask["seconds"] for ask in asks if ask["tokens"])
    sys.stdout.write(
        f"first answer {first:.2f} s with the start of the helper, median {seconds[len(seconds) // 2]:.2f} s, "
        f"slowest {seconds[-1]:.2f} s, helper {memory} MB\n"
    )


def _memory(pid: int | None) -> int:
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) // 1024


if __name__ == "__main__":
    asyncio.run(main())
