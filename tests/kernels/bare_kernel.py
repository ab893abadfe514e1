"""A kernel as small as the protocol allows, for tests: one thread, protocol 5.0, answers on its shell channel alone.

So are kernels of R and others: while code runs nothing is read, and the control channel knows little.
Its language has few words: ``say TEXT``, ``sleep``, ``doze``, ``wait FILE`` and ``hear`` (what it was ever asked to
execute); all others are an error. Started as ``python bare_kernel.py -f CONNECTION_FILE signal|message``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import Any, ClassVar

import zmq
from jupyter_client.session import Session

Message = dict[str, Any]


class Interrupted(Exception):
    """Somebody interrupted the code that runs."""


class BareKernel:
    """Binds the sockets and answers until it is asked to shut down."""

    info: ClassVar[Message] = {
        "protocol_version": "5.0",
        "implementation": "bare",
        "implementation_version": "1",
        "language_info": {"name": "words", "version": "1", "mimetype": "text/plain", "file_extension": ".txt"},
        "banner": "words",
    }

    def __init__(self, connection_file: str, mode: str) -> None:
        with open(connection_file) as file:
            told = json.load(file)
        self.mode = mode
        self.session = Session(key=told["key"].encode(), signature_scheme=told["signature_scheme"], username="kernel")
        self.heard: list[str] = []
        self.count = 0
        context = zmq.Context()
        kinds = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "iopub": zmq.PUB, "hb": zmq.REP}
        self.sockets = {}
        for name, kind in kinds.items():
            socket = self.sockets[name] = context.socket(kind)
            socket.linger = 500
            socket.bind(f"tcp://{told['ip']}:{told[name + '_port']}")
        threading.Thread(target=self._beat, daemon=True).start()
        signal.signal(signal.SIGINT, self._on_signal)
        self.running = False

    def _beat(self) -> None:
        while True:
            self.sockets["hb"].send(self.sockets["hb"].recv())

    def _on_signal(self, *_: Any) -> None:
        if self.running:
            raise Interrupted

    def serve(self) -> None:
        poller = zmq.Poller()
        for name in ("shell", "control"):
            poller.register(self.sockets[name], zmq.POLLIN)
        self.publish("status", {"execution_state": "starting"}, {})
        while True:
            ready = dict(poller.poll())
            if self.sockets["control"] in ready:
                self.control()
            if self.sockets["shell"] in ready:
                self.shell()

    def receive(self, name: str) -> tuple[list[bytes], Message]:
        idents, message = self.session.recv(self.sockets[name], mode=0)
        assert idents is not None
        assert message is not None
        return idents, message

    def publish(self, kind: str, content: Any, parent: Message) -> None:
        self.session.send(self.sockets["iopub"], kind, content, parent=parent, ident=kind.encode())

    def control(self) -> None:
        idents, message = self.receive("control")
        kind = message["header"]["msg_type"]
        if kind == "shutdown_request":
            self.session.send(self.sockets["control"], "shutdown_reply", message["content"], message, ident=idents)
            time.sleep(0.05)
            sys.exit()
        if kind == "interrupt_request":
            self.session.send(self.sockets["control"], "interrupt_reply", {"status": "ok"}, message, ident=idents)
            if self.running:
                raise Interrupted

    def shell(self) -> None:
        idents, message = self.receive("shell")
        kind = message["header"]["msg_type"]
        self.publish("status", {"execution_state": "busy"}, message)
        if kind == "kernel_info_request":
            self.session.send(self.sockets["shell"], "kernel_info_reply", self.info, message, ident=idents)
        elif kind == "execute_request":
            self.session.send(self.sockets["shell"], "execute_reply", self.execute(message), message, ident=idents)
        self.publish("status", {"execution_state": "idle"}, message)

    def execute(self, message: Message) -> Message:
        content = message["content"]
        code = content["code"].strip()
        self.heard.append(code)
        if not content["silent"] and content["store_history"]:
            self.count += 1
        self.running = True
        try:
            self.obey(code, message)
        except Interrupted:
            if code == "doze":  # as wrapper kernels answer
                return {"status": "abort", "execution_count": self.count}
            return self.error("Interrupt", "", message)
        except ValueError as error:
            return self.error("WordError", str(error), message)
        finally:
            self.running = False
        return {"status": "ok", "execution_count": self.count, "payload": [], "user_expressions": {}}

    def error(self, name: str, value: str, message: Message) -> Message:
        told = {"ename": name, "evalue": value, "traceback": [f"{name}: {value}"]}
        self.publish("error", told, message)
        return {"status": "error", "execution_count": self.count, **told}

    def obey(self, code: str, message: Message) -> None:
        word, _, rest = code.partition(" ")
        if word == "say":
            self.publish("stream", {"name": "stdout", "text": rest + "\n"}, message)
        elif word == "hear":
            self.publish("stream", {"name": "stdout", "text": json.dumps(self.heard) + "\n"}, message)
        elif word in ("sleep", "doze"):
            self.publish("stream", {"name": "stdout", "text": "zzz\n"}, message)
            self.sleep(60)
        elif word == "wait":
            while not os.path.exists(rest):
                time.sleep(0.01)
        else:
            raise ValueError(f"no such word: {word}")

    def sleep(self, seconds: float) -> None:
        if self.mode == "signal":
            time.sleep(seconds)
        elif self.sockets["control"].poll(int(seconds * 1000)):
            self.control()


if __name__ == "__main__":
    _, _, connection_file, mode = sys.argv
    BareKernel(connection_file, mode).serve()
