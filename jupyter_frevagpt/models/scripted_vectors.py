"""The vectors of the scripted model service: of texts that share words they are near each other."""

from __future__ import annotations

import hashlib
import json
import math
import re

from tornado.web import RequestHandler

from .script import Question, Stage


class Embedded(RequestHandler):
    """``POST /v1/embeddings``; a rule that fits the texts and whose first step has a status makes it fail."""

    def initialize(self, stage: Stage) -> None:  # noqa: D102 - called by tornado
        self.stage = stage

    def post(self) -> None:  # noqa: D102 - called by tornado
        request = json.loads(self.request.body)
        texts = request["input"]
        headers = {name.lower(): value for name, value in self.request.headers.get_all()}
        self.stage.asked.append({"path": self.request.path, "headers": headers, "body": request})
        found = self.stage.answer(Question(request.get("model", ""), "", [("user", "\n".join(texts), False)]))
        if found and found[1][0].status:
            self.set_status(found[1][0].status)
            self.finish({"error": {"message": "as scripted", "type": "scripted_error"}})
            return
        rows = [
            {"object": "embedding", "index": number, "embedding": vector_of(text, self.stage.script.dimension)}
            for number, text in enumerate(texts)
        ]
        rows.reverse()  # the order is told by the index alone
        self.finish({"object": "list", "model": request.get("model", ""), "data": rows})


def vector_of(text: str, dimension: int) -> list[float]:
    """Return a vector of length one that counts words, each in a place by its hash."""
    vector = [1e-3] * dimension
    for word in re.findall(r"\w+", text.lower()):
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4]) % dimension] += 1.0
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]
