"""Who is not served, and what is not: contract-serve from outside, with the standard library alone.

Usage: test_guards.py FOLDER, where FOLDER is an installation (bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from server import PROFILE, TOKEN, Server, Upstream, profile_of

BODY = {"model": "tiny-words", "messages": [{"role": "user", "content": "x"}], "max_tokens": 2}


class Guards(unittest.TestCase):
    """A server whose model is another server of ours, so that nothing is loaded."""

    prefix: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.upstream = Upstream(["word"])
        profile = profile_of(cls.upstream, Path(cls.folder.name))
        allow = f"connect={cls.upstream.address}"
        cls.server = Server(cls.prefix, "--allow", allow, "--max-body", "4KiB", "--parallel", "1", "--queue", "0", profile=profile)
        cls.host = cls.server.address.removeprefix("http://")
        cls.model = cls.ask("GET", "/v1/models")[1]["data"][0]["id"]

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()
        cls.upstream.shutdown()
        cls.folder.cleanup()

    @classmethod
    def ask(cls, method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict]:
        """Status and JSON of an answer."""
        connection = http.client.HTTPConnection(cls.host, timeout=30)
        sent = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        connection.request(method, path, text, {name: value for name, value in sent.items() if value})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text.startswith(b"{") else {}

    def chunks(self, body: bytes) -> int:
        """Status of the answer to a request with this chunked body."""
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Bearer {TOKEN}\r\n"
        head += "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
        with socket.create_connection(self.host.rsplit(":", 1)) as connection:
            connection.sendall(head.encode() + body)
            return int(connection.recv(4096).split()[1])

    def test_only_the_token_opens_all_but_health(self) -> None:
        self.assertEqual(self.ask("GET", "/v1/models", authorization="")[0], 401)
        self.assertEqual(self.ask("GET", "/v1/models", authorization=f"Bearer {TOKEN}x")[0], 401)
        self.assertEqual(self.ask("GET", "/v1/models")[0], 200)
        self.assertEqual(self.ask("GET", "/metrics", authorization="")[0], 401)
        # 503 until the first session is up.
        self.assertIn(self.ask("GET", "/health", authorization="")[0], (200, 503))

    def test_no_page_of_a_browser_is_answered(self) -> None:
        port = self.host.rsplit(":")[-1]
        self.assertEqual(self.ask("GET", "/v1/models", host=f"rebound.example:{port}")[0], 403)
        self.assertEqual(self.ask("GET", "/v1/models", origin="https://example.org")[0], 403)
        self.assertEqual(self.ask("GET", "/v1/models", origin="null")[0], 403)
        self.assertEqual(self.ask("GET", "/v1/models", host=f"localhost:{port}", origin=f"http://localhost:{port}")[0], 200)
        body = BODY | {"model": self.model}
        self.assertEqual(self.ask("POST", "/v1/chat/completions", body, content_type="text/plain")[0], 400)

    def test_each_of_several_hosts_counts(self) -> None:
        own = f"host: {self.host}\r\n"
        twice = f"GET /health HTTP/1.1\r\n{own}host: rebound.example\r\n\r\n"
        absolute = f"GET http://rebound.example/health HTTP/1.1\r\n{own}\r\n"
        for text in (twice, absolute):
            with socket.create_connection(self.host.rsplit(":", 1)) as connection:
                connection.sendall(text.encode())
                self.assertRegex(connection.recv(4096), b"^HTTP/1.1 40[03] ")

    def test_what_is_not_done_is_refused_by_name(self) -> None:
        cases = {"n": 2, "tools": [{"type": "function"}], "logprobs": True, "frequency_penalty": 1, "logit_bias": {"1": 1}}
        for name, value in cases.items():
            status, answer = self.ask("POST", "/v1/chat/completions", BODY | {"model": self.model, name: value})
            self.assertEqual((status, answer["error"]["param"]), (400, name))
        self.assertEqual(self.ask("POST", "/v1/chat/completions", BODY | {"model": self.model, "top_k": -2})[0], 400)
        roles = BODY | {"model": self.model, "messages": [{"role": "tool", "content": "x"}]}
        self.assertEqual(self.ask("POST", "/v1/chat/completions", roles)[0], 400)

    def test_broken_requests_get_an_answer(self) -> None:
        for text in ("", "{", "[]", "null", '{"model": 1}', '{"model": "x", "model": "y"}', "\x00" * 10, "{" * 1000):
            self.assertEqual(self.ask("POST", "/v1/chat/completions", text)[0], 400, text)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", BODY | {"pad": "x" * 5000})[0], 413)
        self.assertEqual(self.chunks(b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n"), 413)
        self.assertEqual(self.chunks(b"this is no chunk\r\n"), 400)
        self.assertEqual(self.ask("GET", "/v1/chat/completions")[0], 405)
        self.assertEqual(self.ask("GET", "/nowhere")[0], 404)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", BODY | {"model": "another"})[0], 404)

    def test_who_finds_no_seat_is_told_to_come_back(self) -> None:
        body = json.dumps(BODY | {"model": self.model, "stream": True}).encode()
        with socket.create_connection(self.host.rsplit(":", 1)) as first:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Bearer {TOKEN}\r\n"
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            first.sendall(head.encode() + body)
            # The other server sends one word and then nothing: the seat is taken.
            self.assertIn(b"200 OK", first.recv(4096))
            status, answer = self.ask("POST", "/v1/chat/completions", BODY | {"model": self.model})
            self.assertEqual((status, answer["error"]["code"]), (429, "rate_limit_exceeded"))


class Starting(unittest.TestCase):
    """What keeps the server from beginning."""

    prefix: Path

    def start(self, *flags: str, profile: Path = PROFILE) -> subprocess.CompletedProcess:
        command = [str(self.prefix / "bin/contract-serve"), "--profile", str(profile), "--port", "0", *flags]
        with tempfile.TemporaryDirectory() as folder:
            return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)

    def test_only_loopback_is_listened_on(self) -> None:
        for address in ("0.0.0.0", "::", "192.0.2.1"):
            self.assertEqual(self.start("--bind", address).returncode, 2, address)

    def test_a_unix_socket_is_the_users_alone_and_goes_with_the_server(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "socket")
            command = [str(self.prefix / "bin/contract-serve"), "--profile", str(PROFILE), "--socket", str(path)]
            with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
                self.assertEqual(process.stdout.readline().strip(), f"unix:{path}")
                self.assertEqual(path.stat().st_mode & 0o777, 0o600)
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(str(path))
                    connection.sendall(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n")
                    self.assertIn(b"tiny-words", connection.recv(4096))
                process.terminate()
                self.assertEqual(process.wait(timeout=30), 143)
            self.assertFalse(path.exists())

    def test_a_token_file_of_all_is_no_secret(self) -> None:
        with tempfile.NamedTemporaryFile("w") as token:
            token.write(TOKEN)
            token.flush()
            os.chmod(token.name, 0o644)
            refused = self.start("--token-file", token.name)
            self.assertEqual(refused.returncode, 2)
            self.assertIn("chmod 600", refused.stderr)

    def test_records_that_cannot_be_written_keep_it_from_serving(self) -> None:
        with tempfile.NamedTemporaryFile() as file:
            self.assertEqual(self.start("--records", file.name).returncode, 74)

    def test_another_byte_in_the_model_keeps_it_from_serving(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path in PROFILE.parent.iterdir():
                shutil.copy(path, folder)
            model = Path(folder, "tiny-words.gguf")
            data = bytearray(model.read_bytes())
            data[len(data) // 2] ^= 1
            model.write_bytes(data)
            refused = self.start(profile=Path(folder, PROFILE.name))
            self.assertIn("MODEL_DIGEST_MISMATCH", refused.stderr)


class Full(unittest.TestCase):
    """Files that may not grow: each time an error, and never the end by SIGXFSZ. Python gives its children the default of that signal."""

    prefix: Path

    def start(self, limit: int) -> subprocess.CompletedProcess:
        """A server that has nothing to do, whose files may have `limit` bytes."""
        command = [str(self.prefix / "bin/contract-serve"), "--profile", str(PROFILE), "--port", "0"]
        with tempfile.TemporaryDirectory() as folder:
            limited = ["prlimit", f"--fsize={limit}:", *command]
            return subprocess.run(limited, cwd=folder, capture_output=True, text=True, timeout=60)

    def test_records_without_room_keep_it_from_serving(self) -> None:
        # The limit is compared before anything is written.
        ended = self.start(4 << 10)
        self.assertEqual(ended.returncode, 74, ended.stderr)
        self.assertIn("INFERENCE_RECORDS_UNWRITABLE", ended.stderr)

    def test_a_session_without_room_for_its_receipt_does_not_begin(self) -> None:
        # Enough for the records, which want 64 KiB; the receipt of a session has 256 KiB reserved, and here the signal comes.
        ended = self.start(128 << 10)
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("CONTRACT_OUT_UNWRITABLE", ended.stderr)

    def test_a_transcript_that_meets_the_limit_ends_its_session_and_not_the_server(self) -> None:
        # About 250 bytes of transcript for each word, so three times the limit, which itself is above all that is reserved.
        upstream = Upstream(["word "] * 4000)
        with tempfile.TemporaryDirectory() as folder:
            profile = profile_of(upstream, Path(folder))
            flags = ("--allow", f"connect={upstream.address}")
            under = ("prlimit", f"--fsize={320 << 10}:")
            with Server(self.prefix, *flags, profile=profile, under=under) as server:
                connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=60)
                headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
                connection.request("GET", "/v1/models", headers=headers)
                model = json.load(connection.getresponse())["data"][0]["id"]
                body = BODY | {"model": model, "max_tokens": 10_000, "stream": True}
                connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
                last = connection.getresponse().read().split(b"\n\n")[-2]
                self.assertIn(b'"code":"CONTRACT_EVIDENCE_FAILED"', last)
                self.assertEqual([one["code"] for one in server.evidence()], ["CONTRACT_EVIDENCE_FAILED"])
                # It is there for the next request.
                connection.close()
                connection.request("GET", "/v1/models", headers=headers)
                self.assertEqual(connection.getresponse().status, 200)
                connection.close()
                server.process.terminate()
                self.assertEqual(server.process.wait(30), 143)
        upstream.shutdown()


if __name__ == "__main__":
    Guards.prefix = Starting.prefix = Full.prefix = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
