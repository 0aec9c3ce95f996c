"""The `openai` package from PyPI, unchanged, against contract-serve with the model of this repository.

Usage: test_client.py FOLDER, where FOLDER is an installation (bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import openai

REPOSITORY = Path(__file__).resolve().parents[2]
PROFILE = REPOSITORY / "examples/models/tiny-words.profile.json"
QUESTION = "What colour is the sky?"
TOKEN = "a-token-of-this-test-0123456789"


class Server:
    """A server on a free port, with records of its own."""

    def __init__(self, prefix: Path, *flags: str, profile: Path = PROFILE) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.records = Path(self.folder.name) / "records"
        token = Path(self.folder.name) / "token"
        token.write_text(TOKEN)
        token.chmod(0o600)
        command = [prefix / "bin/contract-serve", "--profile", profile, "--port", "0", "--records", self.records]
        self.process = subprocess.Popen(
            [*map(str, command), "--token-file", str(token), *flags],
            cwd=self.folder.name,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.client = openai.OpenAI(base_url=f"{self.address}/v1", api_key=TOKEN, max_retries=0, timeout=60)
        self.model = self.client.models.list().data[0].id

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


class Client(unittest.TestCase):
    """What programs do with a server of this API."""

    prefix: Path
    server: Server

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(cls.prefix)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()

    def ask(self, **more):
        messages = [{"role": "user", "content": QUESTION}]
        return self.server.client.chat.completions.create(
            model=self.server.model, messages=messages, max_tokens=40, temperature=0, **more
        )

    def test_a_chat_is_answered_and_has_a_receipt(self) -> None:
        before = len(self.server.receipts()) if self.server.records.exists() else 0
        answer = self.ask()
        self.assertEqual(answer.choices[0].finish_reason, "stop")
        self.assertIn("blue", answer.choices[0].message.content)
        self.assertEqual(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
        receipts = self.server.receipts()
        self.assertEqual(len(receipts), before + 1)
        self.assertEqual(receipts[-1]["outputTokenCount"], answer.usage.completion_tokens)

    def test_a_stream_says_the_same_as_the_whole_answer(self) -> None:
        whole = self.ask().choices[0].message.content
        pieces, usage = [], None
        for chunk in self.ask(stream=True, stream_options={"include_usage": True}):
            pieces += [choice.delta.content or "" for choice in chunk.choices]
            usage = chunk.usage or usage
        self.assertGreater(len(pieces), 3)
        self.assertEqual("".join(pieces), whole)
        self.assertGreater(usage.completion_tokens, 0)

    def test_a_text_goes_on(self) -> None:
        answer = self.server.client.completions.create(
            model=self.server.model, prompt=f"Q: {QUESTION}\nA:", max_tokens=40, temperature=0, stop="\n"
        )
        self.assertIn("blue", answer.choices[0].text)

    def test_vectors_have_the_same_length_and_are_normalised(self) -> None:
        vectors = self.server.client.embeddings.create(model=self.server.model, input=["the sky", "a dog"])
        first, second = (item.embedding for item in vectors.data)
        self.assertEqual(len(first), len(second))
        self.assertAlmostEqual(sum(number * number for number in first), 1, places=4)
        self.assertNotEqual(first, second)

    def test_a_schema_is_kept_to(self) -> None:
        schema = {
            "type": "object",
            "properties": {"answer": {"type": "string", "maxLength": 20}},
            "required": ["answer"],
            "additionalProperties": False,
        }
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
        messages = [{"role": "user", "content": QUESTION}]
        answer = self.server.client.chat.completions.create(
            model=self.server.model, messages=messages, max_tokens=120, response_format=form
        )
        self.assertEqual(list(json.loads(answer.choices[0].message.content)), ["answer"])

    def test_errors_are_those_that_the_package_knows(self) -> None:
        client = self.server.client
        with self.assertRaises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="another", messages=[{"role": "user", "content": "x"}])
        self.assertEqual(raised.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask(n=2)
        self.assertEqual(raised.exception.param, "n")
        with self.assertRaises(openai.BadRequestError) as raised:
            messages = [{"role": "user", "content": "word " * 3000}]
            client.chat.completions.create(model=self.server.model, messages=messages)
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=client.base_url, api_key="another", max_retries=0).models.list()

    def test_prompts_and_outputs_are_nowhere_in_the_evidence(self) -> None:
        self.ask()
        for path in Path(self.server.folder.name).rglob("*"):
            if path.is_file():
                text = path.read_bytes()
                self.assertNotIn(QUESTION.encode(), text, path)
                self.assertNotIn(b"sky is blue", text, path)


class Upstream(http.server.ThreadingHTTPServer):
    """Another server of the API, which sends one token for each word of `words`, and then nothing more."""

    daemon_threads = True

    def __init__(self, words: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Words)
        self.words = words
        self.left = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Words(http.server.BaseHTTPRequestHandler):
    """Sends the words as a stream of events, and waits until the other side goes."""

    server: Upstream

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for word in self.server.words:
            choice = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
        self.connection.recv(1)
        self.server.left.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Gone(unittest.TestCase):
    """A client that goes away, before a server whose every token is ours."""

    prefix: Path

    def test_a_client_that_goes_at_token_k_leaves_a_cancelled_receipt_with_k_tokens(self) -> None:
        words = ["one ", "two ", "three "]
        upstream = Upstream(words)
        profile = json.loads(PROFILE.read_text())
        profile["profileId"] += "-elsewhere"
        address = f"127.0.0.1:{upstream.server_port}"
        profile["runtime"] = {"kind": "openai-compatible", "endpoint": f"http://{address}/v1"}
        with tempfile.NamedTemporaryFile("w", suffix=".profile.json") as written:
            json.dump(profile, written)
            written.flush()
            with Server(self.prefix, "--allow", f"connect={address}", profile=Path(written.name)) as server:
                messages = [{"role": "user", "content": "Count."}]
                stream = server.client.chat.completions.create(model=server.model, messages=messages, stream=True)
                heard = []
                for chunk in stream:
                    heard += [choice.delta.content for choice in chunk.choices if choice.delta.content]
                    if len(heard) == len(words):
                        break
                stream.close()
                self.assertTrue(upstream.left.wait(30), "the connection to the other server is closed, too")
                server.process.terminate()
                server.process.wait(30)
                (evidence,) = server.evidence()
                (receipt,) = server.receipts()
        self.assertEqual(heard, words)
        self.assertEqual(evidence["outcome"], "cancelled")
        self.assertAlmostEqual(receipt["outputTokenCount"], len(words), delta=1)
        upstream.shutdown()


if __name__ == "__main__":
    Gone.prefix = Client.prefix = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
