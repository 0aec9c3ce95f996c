"""The `openai` package from PyPI, unchanged, against contract-serve with the model of this repository.

Usage: test_client.py FOLDER, where FOLDER is an installation (bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import json
import sys
import tempfile
import unittest
from pathlib import Path

import openai

from server import TOKEN, Server, Upstream, profile_of

QUESTION = "What colour is the sky?"


def client_of(server: Server) -> tuple[openai.OpenAI, str]:
    """A client, and the name of the model."""
    client = openai.OpenAI(base_url=f"{server.address}/v1", api_key=TOKEN, max_retries=0, timeout=60)
    return client, client.models.list().data[0].id


class Client(unittest.TestCase):
    """What programs do with a server of this API."""

    prefix: Path
    server: Server

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(cls.prefix)
        cls.client, cls.model = client_of(cls.server)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()

    def ask(self, **more):
        messages = [{"role": "user", "content": QUESTION}]
        return self.client.chat.completions.create(
            model=self.model, messages=messages, max_tokens=40, temperature=0, **more
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
        answer = self.client.completions.create(
            model=self.model, prompt=f"Q: {QUESTION}\nA:", max_tokens=40, temperature=0, stop="\n"
        )
        self.assertIn("blue", answer.choices[0].text)

    def test_vectors_have_the_same_length_and_are_normalised(self) -> None:
        vectors = self.client.embeddings.create(model=self.model, input=["the sky", "a dog"])
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
        answer = self.client.chat.completions.create(
            model=self.model, messages=messages, max_tokens=120, response_format=form
        )
        self.assertEqual(list(json.loads(answer.choices[0].message.content)), ["answer"])

    def test_errors_are_those_that_the_package_knows(self) -> None:
        client = self.client
        with self.assertRaises(openai.NotFoundError) as raised:
            client.chat.completions.create(model="another", messages=[{"role": "user", "content": "x"}])
        self.assertEqual(raised.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as raised:
            self.ask(n=2)
        self.assertEqual(raised.exception.param, "n")
        with self.assertRaises(openai.BadRequestError) as raised:
            messages = [{"role": "user", "content": "\U0001F600" * 120}]
            client.chat.completions.create(model=self.model, messages=messages)
        self.assertEqual(raised.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.AuthenticationError):
            openai.OpenAI(base_url=client.base_url, api_key="another", max_retries=0).models.list()


class Evidence(unittest.TestCase):
    """What a server leaves on the disk when it is over: before that, the last lines of a transcript are in memory alone."""

    prefix: Path

    def files_with_texts(self, *flags: str) -> tuple[set[str], list[str]]:
        """The names of files that have the question or the answer, and all texts in progress messages of the transcript."""
        with Server(self.prefix, *flags) as server:
            client, model = client_of(server)
            messages = [{"role": "user", "content": QUESTION}]
            answer = client.chat.completions.create(model=model, messages=messages, max_tokens=40, temperature=0)
            self.assertIn("blue", answer.choices[0].message.content)
            server.process.terminate()
            self.assertEqual(server.process.wait(30), 143)
            folder = Path(server.folder.name)
            (transcript,) = folder.glob(".workstation/runs/*/ipc-transcript.ndjson")
            lines = [json.loads(line) for line in transcript.read_text().splitlines()]
            self.assertIn("inference.generate", [line["payload"].get("op") for line in lines if line["type"] == "invoke"])
            pieces = [line["payload"].get("data", {}) for line in lines if line["type"] == "progress"]
            texts = (QUESTION, answer.choices[0].message.content, "colour", "blue")
            files = [path for path in folder.rglob("*") if path.is_file()]
            found = {path.name for path in files for text in texts if text.encode() in path.read_bytes()}
            return found, [piece["text"] for piece in pieces if "text" in piece]

    def test_prompts_and_outputs_are_nowhere_in_it(self) -> None:
        found, pieces = self.files_with_texts()
        self.assertEqual(found, set())
        self.assertGreater(len(pieces), 3)
        self.assertEqual([piece for piece in pieces if not piece.startswith("${PRIVATE sha256:")], [])

    def test_they_are_there_when_the_user_wants_them_kept(self) -> None:
        found, pieces = self.files_with_texts("--store-texts")
        self.assertLessEqual({"stored.ndjson", "ipc-transcript.ndjson"}, found)
        self.assertIn("blue", "".join(pieces))


class Gone(unittest.TestCase):
    """A client that goes away, before a server whose every token is ours."""

    prefix: Path

    def test_a_client_that_goes_at_token_k_leaves_a_cancelled_receipt_with_k_tokens(self) -> None:
        words = ["one ", "two ", "three "]
        upstream = Upstream(words)
        with tempfile.TemporaryDirectory() as folder:
            profile = profile_of(upstream, Path(folder))
            with Server(self.prefix, "--allow", f"connect={upstream.address}", profile=profile) as server:
                client, model = client_of(server)
                messages = [{"role": "user", "content": "Count."}]
                stream = client.chat.completions.create(model=model, messages=messages, stream=True)
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
        # The other server says nothing of tokens, so each piece is one; after the last word it sends nothing.
        self.assertEqual(receipt["outputTokenCount"], len(words))
        upstream.shutdown()


if __name__ == "__main__":
    Gone.prefix = Evidence.prefix = Client.prefix = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
