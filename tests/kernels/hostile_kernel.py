"""A kernel that lies, for tests: signed messages whose parts are of the wrong kind, and answers that never come.

It runs ``say TEXT``, ``attack SEED`` (broken messages, then a sound answer), ``silence`` (no answer), ``abort`` (it
refuses, always), ``half reply|idle`` (one half of an answer) and ``huge iopub|shell`` (150 MB). Started with the mode
``claims0`` to ``claims10`` it says that it is ipykernel, and answers our helper's questions with junk.
"""

from __future__ import annotations

import json
import random
import sys
from typing import Any

from bare_kernel import BareKernel, Message

TYPES = ["status", "stream", "display_data", "execute_result", "error", "update_display_data", "clear_output"]
TYPES += ["execute_reply", "kernel_info_reply", "comm_open", "comm_msg", "debug_event", "input_request", "", "x" * 999]
DEEP: Any = []
for _ in range(900):
    DEEP = [DEEP]
JUNK: list[Any] = [None, True, 0, -1, 1e308, float("nan"), float("inf"), 10**30, "", "x", "\ud800", [], [[]], {}, DEEP]
JUNK += [{"data": []}, {"data": {"image/png": 5}}, {"data": {5: None}}, {"data": {"image/png": "?"}, "metadata": 1}]
JUNK += [{"text": 5}, {"text": [None]}, {"text": {"a": float("nan")}}, {"name": [], "text": "t"}, {"wait": "x"}]
JUNK += [{"execution_state": []}, {"execution_state": {}}, {"execution_state": None}, {"execution_state": "gone"}]
JUNK += [{"ename": 1, "evalue": [], "traceback": 7}, {"traceback": [1, None, {}]}, {"status": []}, {"status": "odd"}]
JUNK += [{"transient": []}, {"transient": {"display_id": []}}, {"data": {"application/json": DEEP}}]
JUNK += [{"data": {"text/plain": ["a", 1]}}, {"language_info": []}, {"data": {"a/b": float("nan")}, "metadata": {}}]
BODIES: list[Any] = [None, 5, "", "{", "[]", "NaN", '{"capabilities": 1}', "9" * 5000, "[" * 5000, "\ud800", {}]


def plainly(header: Message) -> Message:
    """Return a header without the dates that JSON has no word for."""
    plain: Message = json.loads(json.dumps(header, default=str))
    return plain


class HostileKernel(BareKernel):
    """Answers as it likes."""

    def raw(self, channel: str, parts: list[Any], ident: list[bytes]) -> None:
        """Send anything with a right signature; bytes go as they are."""
        packed = [part if isinstance(part, bytes) else json.dumps(part).encode("ascii") for part in parts]
        frames = [*ident, b"<IDS|MSG>", self.session.sign(packed), *packed]
        self.sockets[channel].send_multipart(frames)

    def shell(self) -> None:
        idents, message = self.receive("shell")
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "kernel_info_request" and self.mode.startswith("claims"):
            info = {**self.info, "implementation": "ipython", "language_info": {"name": "python"}}
            self.publish("status", {"execution_state": "busy"}, message)
            self.session.send(self.sockets["shell"], "kernel_info_reply", info, message, ident=idents)
            self.publish("status", {"execution_state": "idle"}, message)
        elif kind not in ("kernel_info_request", "execute_request"):
            reply = {"status": "ok", "body": BODIES[int(self.mode.removeprefix("claims"))]}
            header = {**self.session.msg_header(kind + "_reply"), "date": None}
            self.raw("shell", [header, plainly(message["header"]), {}, reply], idents)
        elif kind == "kernel_info_request":
            self.publish("status", {"execution_state": "busy"}, message)
            self.session.send(self.sockets["shell"], "kernel_info_reply", self.info, message, ident=idents)
            self.publish("status", {"execution_state": "idle"}, message)
        else:
            self.lie(content["code"].strip(), message, idents)

    def lie(self, code: str, message: Message, idents: list[bytes]) -> None:
        word, _, rest = code.partition(" ")
        reply: Message | None = {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {}}
        idle = True
        if word != "silence":
            self.publish("status", {"execution_state": "busy"}, message)
        if word == "attack":
            self.attack(random.Random(int(rest)), message, idents)
        elif word == "abort":
            reply = {"status": "aborted"}
        elif word == "silence":
            reply, idle = None, False
        elif word == "half":
            reply, idle = (reply, False) if rest == "reply" else (None, True)
        elif word == "huge":
            text = b'{"name": "stdout", "text": "' + b"x" * 150_000_000 + b'"}'
            header = self.session.msg_header("stream" if rest == "iopub" else "execute_reply")
            header["date"] = None
            ident = [b"stream"] if rest == "iopub" else idents
            parts = [header, plainly(message["header"]), {}, text]
            self.raw(rest, parts, ident)
            reply = reply if rest == "iopub" else None
        elif word == "say":
            self.publish("stream", {"name": "stdout", "text": rest + "\n"}, message)
        if reply is not None:
            self.session.send(self.sockets["shell"], "execute_reply", reply, message, ident=idents)
        if idle:
            self.publish("status", {"execution_state": "idle"}, message)

    def attack(self, dice: random.Random, message: Message, idents: list[bytes]) -> None:
        true_parent = plainly(message["header"])
        for _ in range(60):
            channel = dice.choice(["iopub", "iopub", "shell"])
            header = {**self.session.msg_header(dice.choice(TYPES)), "date": dice.choice([None, "x", 5])}
            if dice.random() < 0.2:
                header.pop(dice.choice(list(header)))
            forged = {**true_parent, "msg_id": dice.choice([[], {}, None, 5, "other"]), "msg_type": dice.choice(TYPES)}
            parent = dice.choice([true_parent, true_parent, true_parent, forged, {}])
            content, metadata = dice.choice(JUNK), dice.choice([{}, {"frevagpt": dice.choice(BODIES)}])
            parts: list[Any] = [header, parent, metadata, content]
            fate = dice.random()
            if fate < 0.3:
                parts[dice.randrange(4)] = dice.choice(JUNK)
            elif fate < 0.35:
                parts[dice.randrange(4)] = dice.choice([b"", b"{", b"\xff\xfe", b"[" * 100_000, b"9" * 6000])
            elif fate < 0.4:
                parts = parts[: dice.randrange(4)]
            self.raw(channel, parts, [b"x"] if channel == "iopub" else idents)


if __name__ == "__main__":
    _, _, connection_file, mode = sys.argv
    HostileKernel(connection_file, mode).serve()
