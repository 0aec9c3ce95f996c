"""`contract-runner infer` with the adapter openai-endpoint, and contract-serve as the server that it asks.

Both sides are ours, so both leave receipts, and these have to agree with each other and with those of a run without a server.

Usage: test_endpoint.py FOLDER, where FOLDER is an installation (bin/contract-runner, bin/contract-serve, libexec/contract-runner).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

from server import PROFILE, TOKEN, Server

QUESTION = "What colour is the sky?"
SCHEMA = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"], "additionalProperties": False}
# What is the same whoever computed it.
SAME = ("inputHash", "outputHash", "inputTokenCount", "outputTokenCount", "task", "tier", "dataResidencyClass")


class Endpoint(unittest.TestCase):
    """One model, asked through a server and without one."""

    prefix: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.server = Server(cls.prefix)
        cls.folder = tempfile.TemporaryDirectory()
        cls.work = Path(cls.folder.name)
        models = urllib.request.Request(f"{cls.server.address}/v1/models", headers={"authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(models, timeout=30) as answer:
            cls.model = json.load(answer)["data"][0]["id"]
        cls.there = cls.profile(cls.model)
        cls.schema = cls.work / "schema.json"
        cls.schema.write_text(json.dumps(SCHEMA))

    @classmethod
    def tearDownClass(cls) -> None:
        cls.server.close()
        cls.folder.cleanup()

    @classmethod
    def profile(cls, model: str) -> Path:
        """A profile of a model at the server."""
        profile = json.loads(PROFILE.read_text())
        profile["profileId"] += "-there"
        profile["runtime"] |= {"kind": "openai-compatible", "endpoint": f"{cls.server.address}/v1"}
        profile["model"]["name"] = model
        # The limit of the server's own context is to be met, not this one.
        profile["policy"]["maxPromptChars"] = None
        path = cls.work / "there.profile.json"
        path.write_text(json.dumps(profile))
        return path

    def infer(
        self,
        profile: Path,
        *flags: str,
        prompt: str = QUESTION,
        key: tuple[str, ...] = ("--api-key-env", "KEY", "--allow", "env=KEY"),
    ) -> tuple[subprocess.CompletedProcess, dict, dict]:
        """The process, and the receipt and evidence that it left."""
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            command = [self.prefix / "bin/contract-runner", "infer", prompt, "--profile", profile, *flags]
            if profile == self.there:
                command += ["--allow", f"connect={self.server.address.removeprefix('http://')}", *key]
            surroundings = os.environ | {"KEY": TOKEN}
            done = subprocess.run(
                list(map(str, command)), cwd=folder, env=surroundings, capture_output=True, text=True, timeout=120
            )
            records = Path(folder, ".workstation/inference")
            left = [path.read_text() for path in Path(folder).rglob("*") if path.is_file()]
            assert not any(TOKEN in text for text in (*left, done.stdout, done.stderr)), "the key stands in what a run leaves"
            last = [json.loads((records / name).read_text().splitlines()[-1]) for name in ("receipts.ndjson", "evidence.ndjson")]
            return done, *last

    def test_both_ways_give_the_same_text_and_all_receipts_agree(self) -> None:
        ways = (
            (),
            ("--raw",),
            ("--system", "You are brief."),
            ("--stop", "blue"),
            ("--max-tokens", "3"),
            ("--temperature", "0.8", "--seed", "7", "--top-k", "0", "--top-p", "0.9", "--min-p", "0.01", "--repeat-penalty", "1.1"),
            ("--json-schema", str(self.schema), "--max-tokens", "100"),
        )
        for flags in ways:
            with self.subTest(flags=flags):
                here, its_receipt, its_evidence = self.infer(PROFILE, *flags)
                there, our_receipt, our_evidence = self.infer(self.there, *flags)
                self.assertEqual((here.returncode, there.returncode), (0, 0), here.stderr + there.stderr)
                self.assertEqual(here.stdout, there.stdout)
                self.assertTrue(here.stdout.strip())
                served_receipt, served_evidence = self.server.receipts()[-1], self.server.evidence()[-1]
                for name in SAME:
                    values = [receipt[name] for receipt in (its_receipt, our_receipt, served_receipt)]
                    self.assertEqual(values, values[:1] * 3, name)
                # Who asks a server does not see its weights; the server does.
                self.assertEqual(our_evidence["modelDigestSource"], "unknown")
                self.assertEqual(served_receipt["baseModelDigest"], its_receipt["baseModelDigest"])
                situations = {evidence["situation"] for evidence in (its_evidence, our_evidence, served_evidence)}
                self.assertEqual(situations, {"local"})

    def test_what_the_server_refuses_is_told_by_both_and_on_record_at_both(self) -> None:
        # Three tokens for each character: too long for the model's context, and not for the limit of the profile.
        for prompt, status, code in (("\u20ac" * 150, 400, "ADAPTER_PROMPT_TOO_LONG"), ("x" * 400, 403, "INFERENCE_REFUSED")):
            with self.subTest(code=code):
                done, _, evidence = self.infer(self.there, "--raw", prompt=prompt)
                self.assertEqual((done.returncode, done.stdout), (4, ""), done.stderr)
                self.assertEqual((evidence["outcome"], evidence["code"]), ("failed", "ADAPTER_ENDPOINT_STATUS"))
                self.assertIn(f"HTTP {status}", done.stderr)
                self.assertEqual(self.server.evidence()[-1]["code"], code)

    def test_a_model_that_the_server_has_not_is_refused_there(self) -> None:
        before = len(self.server.receipts())
        self.profile("another")
        try:
            done, _, evidence = self.infer(self.there)
        finally:
            self.profile(self.model)
        self.assertEqual(done.returncode, 4, done.stderr)
        self.assertEqual(evidence["code"], "ADAPTER_ENDPOINT_STATUS")
        self.assertIn(self.model, done.stderr)
        self.assertEqual(len(self.server.receipts()), before, "it never reached the model door")

    def test_a_key_that_is_not_sent_or_not_granted_opens_nothing(self) -> None:
        before = len(self.server.receipts())
        for key, status, code in (
            ((), 4, "ADAPTER_ENDPOINT_STATUS"),
            (("--api-key-env", "KEY"), 3, "POLICY_DENIED"),
            (("--api-key-env", "NO_SUCH_KEY", "--allow", "env=NO_SUCH_KEY"), 2, "CONTRACT_USAGE"),
        ):
            with self.subTest(key=key):
                done, _, evidence = self.infer(self.there, key=key)
                self.assertEqual((done.returncode, done.stdout, evidence["code"]), (status, "", code), done.stderr)
        self.assertEqual(len(self.server.receipts()), before)

    def test_without_the_right_to_reach_it_nothing_is_asked(self) -> None:
        before = len(self.server.receipts())
        elsewhere = self.work / "not-granted.profile.json"
        elsewhere.write_text(self.there.read_text())
        done, _, evidence = self.infer(elsewhere)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(evidence["situation"], "refused-by-policy")
        self.assertEqual(len(self.server.receipts()), before)


if __name__ == "__main__":
    Endpoint.prefix = Path(sys.argv.pop(1)).resolve()
    unittest.main(verbosity=2)
