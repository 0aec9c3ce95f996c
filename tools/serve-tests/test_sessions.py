"""What becomes of a session and its records while the server is up: contract-serve from outside, with the tiny model.

Usage: test_sessions.py FOLDER, where FOLDER is an installation (bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from server import PROFILE, TOKEN, Server

QUESTION = "What colour is the sky?"


def ask(server: Server, **more: object) -> tuple[int, dict]:
    """Status and JSON of an answer to the question."""
    body = {"model": "tiny-words", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 20} | more
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(server.address + "/v1/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def adapter_of(server: Server) -> int:
    """The process of the session: the only child of the server."""
    tasks = Path(f"/proc/{server.process.pid}/task")
    children = [child for task in tasks.iterdir() for child in (task / "children").read_text().split()]
    assert len(children) == 1, children
    return int(children[0])


class Sessions(unittest.TestCase):
    prefix: Path

    def test_a_session_that_was_killed_is_followed_by_another(self) -> None:
        with Server(self.prefix) as server:
            status, first = ask(server)
            self.assertEqual(status, 200, first)
            killed = adapter_of(server)
            os.kill(killed, signal.SIGKILL)
            status, answer = 0, {}
            # The server may not have noticed yet: a request that met the end of the session failed, and is on record.
            for _ in range(100):
                status, answer = ask(server)
                if status == 200:
                    break
                self.assertIn(status, (502, 503), answer)
            self.assertEqual(answer["choices"], first["choices"])
            self.assertNotEqual(adapter_of(server), killed)
            evidence = server.evidence()
            self.assertEqual(len(evidence), len(server.receipts()))
            runs = [one["run"]["id"] for one in (evidence[0], evidence[-1])]
            self.assertNotEqual(*runs)
            self.assertTrue(all(one["code"] for one in evidence[1:-1]))
            folder = Path(server.folder.name)
            # Each session is over, and its receipt names the run.
            server.process.terminate()
            server.process.communicate(timeout=30)
            receipts = [json.loads(path.read_text()) for path in folder.glob(".workstation/runs/*/run-receipt.json")]
            self.assertEqual(sorted(receipt["session"]["id"] for receipt in receipts), sorted(runs))

    def test_records_that_break_stop_answers_and_not_the_server(self) -> None:
        with Server(self.prefix) as server:
            self.assertEqual(ask(server)[0], 200)
            kept = (server.records / "evidence.ndjson").rename(server.records / "kept")
            status, answer = ask(server)
            self.assertEqual((status, answer["error"]["code"]), (503, "INFERENCE_RECORDS_MISMATCH"))
            self.assertNotIn("choices", answer)
            kept.rename(server.records / "evidence.ndjson")
            status, answer = ask(server)
            self.assertEqual(status, 200, answer)
            self.assertEqual(len(server.receipts()), 2)

    def test_a_model_that_is_replaced_answers_nothing_more(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for path in PROFILE.parent.iterdir():
                shutil.copy(path, folder)
            with Server(self.prefix, profile=Path(folder, PROFILE.name)) as server:
                self.assertEqual(ask(server)[0], 200)
                model = Path(folder, "tiny-words.gguf")
                copy = Path(folder, "copy")
                shutil.copy(model, copy)
                copy.rename(model)
                status, answer = ask(server)
                self.assertEqual((status, answer["error"]["code"]), (503, "MODEL_CHANGED"))
                with self.assertRaises(urllib.error.HTTPError) as unhealthy:
                    urllib.request.urlopen(server.address + "/health", timeout=60)
                self.assertEqual(unhealthy.exception.code, 503)
                self.assertEqual([one["outcome"] for one in server.evidence()], ["answered", "refused"])

    def test_a_signal_between_two_sessions_ends_it(self) -> None:
        for delay in (0, 0.001, 0.002, 0.005):
            with Server(self.prefix, "--session-requests", "1") as server:
                self.assertEqual(ask(server)[0], 200)
                time.sleep(delay)
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(timeout=20), 143, delay)

    def test_a_lock_of_somebody_else_does_not_keep_it_up(self) -> None:
        with Server(self.prefix) as server, open(server.records / "evidence.ndjson", "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            waiting = threading.Thread(target=lambda: self.assertRaises(OSError, ask, server), daemon=True)
            waiting.start()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=60), 143)

    def test_output_that_breaks_the_schema_is_no_answer(self) -> None:
        schema = {"type": "integer", "minimum": 50, "maximum": 3}
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
        with Server(self.prefix) as server:
            status, answer = ask(server, response_format=form)
            self.assertEqual((status, answer["error"]["code"]), (502, "CONTRACT_REJECTED"))
            self.assertEqual(server.evidence()[-1]["outcome"], "rejected")

    def test_a_pattern_that_takes_long_to_compile_is_refused(self) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "string", "pattern": "\\w" * 3000}}}
        with Server(self.prefix) as server:
            status, answer = ask(server, response_format=form)
            self.assertEqual((status, answer["error"]["code"]), (400, "ADAPTER_GRAMMAR_INVALID"))

    def test_a_signal_ends_it_with_everything_on_record(self) -> None:
        with Server(self.prefix) as server:
            self.assertEqual(ask(server)[0], 200)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=30), 143)
            runner = self.prefix / "bin/contract-runner"
            verified = subprocess.run([runner, "verify", server.records], capture_output=True, text=True, check=False)
            self.assertEqual(verified.returncode, 0, verified.stderr)


if __name__ == "__main__":
    Sessions.prefix = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
