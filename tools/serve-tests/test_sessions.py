"""What becomes of a session and its records while the server is up: contract-serve from outside, with the tiny model.

Usage: test_sessions.py FOLDER, where FOLDER is an installation (bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from server import PROFILE, REPOSITORY, TOKEN, Server, Upstream, profile_of

BODY = {"model": "tiny-words", "messages": [{"role": "user", "content": "What colour is the sky?"}], "max_tokens": 20}


def request_of(server: Server, body: bytes) -> urllib.request.Request:
    headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
    return urllib.request.Request(server.address + "/v1/chat/completions", body, headers)


def ask(server: Server, **more: object) -> tuple[int, dict]:
    """Status and JSON of an answer to the question."""
    request = request_of(server, json.dumps(BODY | more).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def abandoned(server: Server) -> None:
    """A request whose answer may never come."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        ask(server)


def metrics(server: Server) -> str:
    request = urllib.request.Request(server.address + "/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read().decode()


def health(server: Server) -> tuple[int, dict]:
    try:
        with urllib.request.urlopen(server.address + "/health", timeout=60) as answer:
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

    def wait_for(self, server: Server, metric: str) -> None:
        """Until the server tells this of itself; a minute is more than it needs on any machine."""
        for _ in range(6000):
            if metric in metrics(server):
                return
            time.sleep(0.01)
        self.fail(f"not {metric}: {metrics(server)}")

    def wait_until_up(self, server: Server) -> None:
        """The first line on stdout tells the address; the session comes after it."""
        for _ in range(6000):
            if health(server)[0] == 200:
                return
            time.sleep(0.01)
        self.fail(str(health(server)))

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

    def test_who_waits_when_a_session_ends_is_answered_by_the_next_one(self) -> None:
        with Server(self.prefix, "--parallel", "1") as server:
            self.assertEqual(ask(server)[0], 200)
            adapter = adapter_of(server)
            os.kill(adapter, signal.SIGSTOP)
            with ThreadPoolExecutor(5) as pool:
                # The first has its turn before the others come.
                asked = [pool.submit(ask, server)]
                self.wait_for(server, "contract_serve_requests_at_work 1")
                asked += [pool.submit(ask, server) for _ in range(4)]
                self.wait_for(server, "contract_serve_requests_at_work 5")
                os.kill(adapter, signal.SIGKILL)
                answers = [one.result() for one in asked]
            self.assertEqual(sorted(status for status, _ in answers), [200] * 4 + [502], answers)
            self.assertEqual([one["outcome"] for one in server.evidence()], ["answered", "failed"] + ["answered"] * 4)

    def test_an_adapter_that_ends_while_nothing_is_asked_is_noticed(self) -> None:
        with Server(self.prefix) as server:
            first = ask(server)[1]
            killed = adapter_of(server)
            os.kill(killed, signal.SIGKILL)
            self.wait_for(server, "contract_serve_sessions_ended_total 1")
            self.assertEqual(ask(server)[1]["choices"], first["choices"])
            receipts = Path(server.folder.name).glob(".workstation/runs/*/run-receipt.json")
            self.assertEqual([json.loads(path.read_text())["status"] for path in receipts], ["failed"])

    @contextlib.contextmanager
    def next_cannot_begin(self, *flags: str) -> Iterator[tuple[Server, Path]]:
        """A server whose next session lacks a file that it is granted; the file's other name."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "file")
            file.touch()
            with Server(self.prefix, "--session-requests", "1", "--allow", f"read={file}", *flags) as server:
                self.wait_until_up(server)
                away = file.rename(file.with_name("away"))
                self.assertEqual(ask(server)[0], 200)
                yield server, away

    def test_a_session_that_cannot_begin_is_tried_again_and_who_waits_is_answered(self) -> None:
        with self.next_cannot_begin() as (server, away), ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, server)
            self.wait_for(server, "contract_serve_sessions_ended_total 2")
            away.rename(away.with_name("file"))
            self.assertEqual(asked.result()[0], 200)
            self.assertEqual([one["outcome"] for one in server.evidence()], ["answered", "answered"])

    def test_sessions_that_cannot_begin_end_the_server_and_who_waits_is_told(self) -> None:
        with self.next_cannot_begin() as (server, _), ThreadPoolExecutor(1) as pool:
            asked = pool.submit(ask, server)
            self.assertEqual(server.process.wait(timeout=60), 2)
            status, answer = asked.result()
            self.assertEqual((status, answer["error"]["code"]), (503, "CONTRACT_USAGE"))
            self.assertEqual([one["outcome"] for one in server.evidence()], ["answered", "failed"])

    def test_time_runs_while_no_session_can_begin(self) -> None:
        with self.next_cannot_begin("--timeout", "1s") as (server, _):
            self.wait_for(server, "contract_serve_sessions_ended_total 2")
            status, answer = ask(server)
            self.assertEqual((status, answer["error"]["code"]), (504, "IPC_TIMEOUT"))

    def test_time_runs_while_somebody_else_has_the_lock(self) -> None:
        with Server(self.prefix, "--timeout", "2s") as server, open(server.records / "evidence.ndjson", "rb") as held:
            self.wait_until_up(server)
            self.assertEqual(ask(server)[0], 200)
            fcntl.flock(held, fcntl.LOCK_EX)
            with ThreadPoolExecutor(3) as pool:
                # They are answered although it is never given back.
                answers = [one.result() for one in [pool.submit(ask, server) for _ in range(3)]]
            found = {(status, answer["error"]["code"]) for status, answer in answers}
            self.assertEqual(found, {(503, "INFERENCE_RECORDS_UNWRITABLE")})
            fcntl.flock(held, fcntl.LOCK_UN)
            self.assertEqual(ask(server)[0], 200)
            self.assertEqual(len(server.receipts()), 2)

    def test_a_signal_while_no_session_can_begin_ends_it(self) -> None:
        with self.next_cannot_begin() as (server, _):
            self.wait_for(server, "contract_serve_sessions_ended_total 2")
            self.assertEqual(health(server)[0], 503)
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=30), 143)

    def test_requests_that_cannot_be_answered_do_not_end_the_server(self) -> None:
        with Server(self.prefix, "--session-requests", "1") as server:
            for _ in range(4):
                status, answer = ask(server, grammar="root ::= (")
                self.assertEqual((status, answer["error"]["code"]), (400, "ADAPTER_GRAMMAR_INVALID"))
            self.assertEqual(ask(server)[0], 200)

    def test_the_wait_for_a_turn_counts(self) -> None:
        upstream = Upstream(["word"])
        with tempfile.TemporaryDirectory() as folder:
            profile = profile_of(upstream, Path(folder))
            flags = ("--allow", f"connect={upstream.address}", "--parallel", "1", "--timeout", "2s")
            # One after the other they would take 60 s, and `ask` gives up after 60.
            with Server(self.prefix, *flags, profile=profile) as server, ThreadPoolExecutor(31) as pool:
                model = json.loads(profile.read_text())["model"]["name"]
                asked = [pool.submit(ask, server, model=model) for _ in range(31)]
                answers = [one.result() for one in asked]
                # Of the session or of the adapter, whichever clock is first.
                codes = {answer["error"]["code"] for _, answer in answers}
                self.assertLessEqual(codes, {"IPC_TIMEOUT", "ADAPTER_ENDPOINT_TIMEOUT"})
                self.assertEqual({status for status, _ in answers}, {504})
                self.assertEqual(len(server.receipts()), 31)
        upstream.shutdown()
        upstream.server_close()

    def test_time_runs_while_a_session_is_launched(self) -> None:
        with tempfile.TemporaryDirectory(dir=self.prefix.parent) as folder:
            prefix = Path(folder, "prefix")
            shutil.copytree(self.prefix, prefix, copy_function=os.link)
            adapter = prefix / "libexec/contract-runner/adapters/llama/adapter-llama"
            adapter.unlink()
            # It never says hello, and the handshake may take longer than the request.
            shutil.copy(REPOSITORY / "conformance/hostile/adapters/silent.py", adapter)
            adapter.write_text(f"#!{sys.executable}\n{adapter.read_text()}")
            adapter.chmod(0o755)
            with Server(prefix, "--timeout", "1s", "--limit", "handshake=60s") as server:
                begin = time.monotonic()
                status, answer = ask(server)
                self.assertEqual((status, answer["error"]["code"]), (504, "IPC_TIMEOUT"))
                # The handshake has not ended.
                self.assertLess(time.monotonic() - begin, 50)
                self.assertEqual(health(server)[0], 503)
                self.assertEqual([one["outcome"] for one in server.evidence()], ["failed"])

    def test_a_session_that_does_not_answer_is_not_healthy(self) -> None:
        with Server(self.prefix, "--timeout", "200ms") as server, ThreadPoolExecutor(1) as pool:
            self.wait_until_up(server)
            adapter = adapter_of(server)
            os.kill(adapter, signal.SIGSTOP)
            asked = pool.submit(ask, server)
            for _ in range(6000):
                status, state = health(server)
                if status == 503:
                    break
                time.sleep(0.01)
            self.assertEqual((status, state["code"]), (503, "IPC_TIMEOUT"))
            os.kill(adapter, signal.SIGCONT)
            self.assertEqual(asked.result()[0], 504)
            self.assertEqual(health(server)[0], 200)

    def test_records_that_break_stop_answers_and_not_the_server(self) -> None:
        with Server(self.prefix) as server:
            self.assertEqual(ask(server)[0], 200)
            kept = (server.records / "evidence.ndjson").rename(server.records / "kept")
            status, answer = ask(server)
            self.assertEqual((status, answer["error"]["code"]), (503, "INFERENCE_RECORDS_MISMATCH"))
            self.assertNotIn("choices", answer)
            status, state = health(server)
            self.assertEqual((status, state["code"]), (503, "INFERENCE_RECORDS_MISMATCH"))
            kept.rename(server.records / "evidence.ndjson")
            status, answer = ask(server)
            self.assertEqual(status, 200, answer)
            self.assertEqual(health(server), (200, {"status": "ok", "situation": "local"}))
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
                status, state = health(server)
                self.assertEqual((status, state["code"]), (503, "MODEL_CHANGED"))
                self.assertEqual([one["outcome"] for one in server.evidence()], ["answered", "refused"])

    def test_a_signal_between_two_sessions_ends_it(self) -> None:
        for delay in (0, 0.001, 0.002, 0.005):
            with Server(self.prefix, "--session-requests", "1") as server:
                self.assertEqual(ask(server)[0], 200)
                time.sleep(delay)
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(timeout=20), 143, delay)

    def test_a_lock_of_somebody_else_does_not_keep_it_up(self) -> None:
        under = ("sh", "-c", 'exec "$@" 2>errors', "sh")
        with Server(self.prefix, under=under) as server, open(server.records / "evidence.ndjson", "rb") as held:
            self.wait_until_up(server)
            fcntl.flock(held, fcntl.LOCK_EX)
            threading.Thread(target=abandoned, args=(server,), daemon=True).start()
            self.wait_for(server, "contract_serve_requests_at_work 1")
            status, state = health(server)
            self.assertEqual((status, state["code"]), (503, "INFERENCE_RECORDS_UNWRITABLE"))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(timeout=60), 143)
            errors = Path(server.folder.name, "errors").read_text()
            self.assertIn("requests without a receipt when the server ended: 1\n", errors)

    def test_an_answer_tells_where_its_time_went(self) -> None:
        with Server(self.prefix) as server:
            begin = time.monotonic()
            with urllib.request.urlopen(request_of(server, json.dumps(BODY).encode()), timeout=60) as answer:
                whole = (time.monotonic() - begin) * 1000
                parts = [part.strip().split(";dur=") for part in answer.headers["server-timing"].split(",")]
            self.assertEqual([name for name, _ in parts], ["judge", "session", "records"])
            times = [float(time) for _, time in parts]
            self.assertTrue(all(time > 0 for time in times), times)
            self.assertLess(sum(times), whole)

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
