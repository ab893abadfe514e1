"""Streaming: how late pieces come, the first token, the end, what it costs; bursts; bytes on the wire."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field

from .client import Answer, stream
from .figures import Figure, middle, percentile
from .processes import TOKEN, Ground, Server

PRODUCT = "/api/chatbot/streamresponse"
FLOOR = "/floor/stream"
_ROUNDS = 4
_CHUNKS = 100
_GAP = 0.02
_BURST = 1000


@dataclass
class Seen:
    """What one side showed over the rounds, in ms."""

    late: list[float] = field(default_factory=list)
    tails: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, answers: list[Answer], cpu_seconds: float) -> None:
        """Take the answers of a round."""
        late = []
        for answer in answers:
            stamps = answer.stamps()
            if len(stamps) != _CHUNKS:
                raise RuntimeError(f"{len(stamps)} of {_CHUNKS} pieces came: {answer.lines[-3:]}")
            late += [(came - written) * 1000 for _, written, came in stamps]
            asked, written, came = stamps[0]
            self.first.append((came - answer.sent - (written - asked)) * 1000)
            self.end.append((answer.end - stamps[-1][1]) * 1000)
        self.late += late
        self.tails.append(percentile(late, 0.99))
        self.cpu.append(cpu_seconds * 1000 / len(answers))


async def ask(server: Server, path: str, **wanted: object) -> Answer:
    """Ask one side for an answer."""
    return await stream(server.port, path, {"input": json.dumps(wanted), "rich": True}, token=TOKEN)


async def together(server: Server, path: str, many: int, **wanted: object) -> tuple[list[Answer], float]:
    """Ask for several answers at once; returns them and the CPU seconds that the server took."""
    before = server.process.cpu()
    answers = await asyncio.gather(*(ask(server, path, **wanted) for _ in range(many)))
    await asyncio.sleep(0.1)  # what is tidied up behind an answer belongs to it
    return list(answers), server.process.cpu() - before


async def paced(ground: Ground) -> list[Figure]:
    """Measure paced streams."""
    sides = {FLOOR: await ground.floor(), PRODUCT: await ground.product()}
    for path, server in sides.items():
        await together(server, path, 5, chunks=20, gap=0.001)
    seen: dict[tuple[int, str], Seen] = defaultdict(Seen)
    for _ in range(_ROUNDS):
        for many in (1, 10, 50):
            for path, server in sides.items():
                seen[many, path].add(*await together(server, path, many, chunks=_CHUNKS, gap=_GAP))
    figures = []
    targets = {1: (None, 25.0, 25 / 4), 10: (20.0, 120.0, 120 / 23), 50: (50.0, 500.0, 500 / 168)}
    for many, (tail, first, stated) in targets.items():
        floor, product = seen[many, FLOOR], seen[many, PRODUCT]
        name = f"{many} stream{'s' if many > 1 else ''}"
        figures += [
            Figure(f"{name}: chunk p50", percentile(product.late, 0.5), floor=percentile(floor.late, 0.5), ratio=1.3),
            Figure(
                f"{name}: chunk p99",
                middle(product.tails),
                floor=middle(floor.tails),
                limit=tail,
                stated={1: None, 10: 20 / 4.6, 50: 5.0}[many],
            ),
            Figure(
                f"{name}: first token added",
                middle(product.first),
                floor=middle(floor.first),
                limit=first,
                stated=stated,
            ),
            Figure(
                f"{name}: end added",
                middle(product.end),
                floor=middle(floor.end),
                limit=15 if many < 50 else None,
                stated=7.5,
                note="saved",
            ),
            Figure(f"{name}: CPU a turn", middle(product.cpu), floor=middle(floor.cpu)),
        ]
    memory = {path: server.process.megabytes() for path, server in sides.items()}
    figures.append(
        Figure("memory after the streams", memory[PRODUCT], "MB", memory[FLOOR], limit=memory[FLOOR] + 40, counted=True)
    )
    return figures


async def bursts(ground: Ground) -> list[Figure]:
    """Measure ten bursts at once."""
    sides = {FLOOR: await ground.floor(), PRODUCT: await ground.product()}
    cpu: dict[str, list[float]] = defaultdict(list)
    for _ in range(_ROUNDS):
        for path, server in sides.items():
            answers, seconds = await together(server, path, 10, chunks=_BURST, gap=0)
            if short := [answer for answer in answers if len(answer.stamps()) != _BURST]:
                raise RuntimeError(f"a burst was cut: {short[0].lines[-3:]}")
            cpu[path].append(seconds * 1000 / 10)
    return [
        Figure(
            "10 bursts of 1,000: CPU per 1,000 chunks",
            middle(cpu[PRODUCT]),
            floor=middle(cpu[FLOOR]),
            limit=120,
            stated=120 / 78,
        )
    ]


async def wire(ground: Ground) -> list[Figure]:
    """Count the bytes of a piece of text on the wire, and whether they grow with the answer."""
    server = await ground.product()
    figures = []
    for rich in (True, False):
        few, many = [
            (await stream(server.port, PRODUCT, {"input": json.dumps({"words": n}), "rich": rich}, token=TOKEN)).size
            for n in (200, 2200)
        ]
        name = "rich" if rich else "plain"
        paced_answer = await stream(
            server.port, PRODUCT, {"input": json.dumps({"chunks": 50, "gap": 0.005}), "rich": rich}, token=TOKEN
        )
        line = max(len(line) for _, line in paced_answer.lines if b'"Assistant"' in line)
        figures += [
            Figure(f"wire bytes a chunk, {name}", (many - few) / 2000, "B", limit=120, counted=True),
            Figure(f"longest line of a chunk of 31 characters, {name}", line, "B", limit=120, counted=True),
        ]
    return figures
