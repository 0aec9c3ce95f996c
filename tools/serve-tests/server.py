"""contract-serve as a process with records of its own, and another server of the API whose every token is ours."""

from __future__ import annotations

import contextlib
import http.server
import json
import subprocess
import tempfile
import threading
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILE = REPOSITORY / "examples/models/tiny-words.profile.json"
TOKEN = "a-token-of-this-test-0123456789"


class Server:
    """A server on a free port, with records of its own. `under` is a program that starts it, such as prlimit."""

    def __init__(
        self,
        prefix: Path,
        *flags: str,
        profile: Path = PROFILE,
        with_token: bool = True,
        under: tuple[str, ...] = (),
    ) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.records = Path(self.folder.name) / "records"
        token = Path(self.folder.name) / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        command = [prefix / "bin/contract-serve", "--profile", profile, "--port", "0", "--records", self.records]
        self.process = subprocess.Popen(
            [*under, *map(str, command), *(["--token-file", str(token)] if with_token else []), *flags],
            cwd=self.folder.name,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            raise RuntimeError(f"contract-serve ended with {self.process.wait()}")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def receipts(self) -> list[dict]:
        """What is on record so far."""
        return [json.loads(line) for line in (self.records / "receipts.ndjson").read_text().splitlines()]

    def evidence(self) -> list[dict]:
        return [json.loads(line) for line in (self.records / "evidence.ndjson").read_text().splitlines()]

    def close(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)
        self.folder.cleanup()


class Upstream(http.server.ThreadingHTTPServer):
    """Another server of the API, which sends one token for each word of `words`, and then nothing more."""

    daemon_threads = True

    def __init__(self, words: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Words)
        self.words = words
        self.left = threading.Event()
        self.address = f"127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Words(http.server.BaseHTTPRequestHandler):
    """Sends the words as a stream of events, and waits until the other side goes."""

    server: Upstream

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        # The other side may go at any word.
        with contextlib.suppress(ConnectionError):
            for word in self.server.words:
                choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
                chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.flush()
            self.connection.recv(1)
        self.server.left.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""


def profile_of(upstream: Upstream, folder: Path) -> Path:
    """A profile that names the other server; it gives no right to reach it."""
    profile = json.loads(PROFILE.read_text())
    profile["profileId"] += "-elsewhere"
    profile["runtime"] = {"kind": "openai-compatible", "endpoint": f"http://{upstream.address}/v1"}
    path = folder / "elsewhere.profile.json"
    path.write_text(json.dumps(profile))
    return path
