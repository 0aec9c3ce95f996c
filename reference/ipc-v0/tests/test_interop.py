"""Rust and Python of this repository drive each other, in all four pairs, and judge each other's evidence."""
import json
import os
import shlex
import shutil
import subprocess
import sys
import unittest

import programs
from programs import ADAPTER, RUST_ADAPTER, RUST_RUNNER, SEED, Run, WithFolder, rust_verify, verify

EPOCH_S = 1_767_323_045
EPOCH = "2026-01-02T03:04:05.000Z"
# Each operation, its arguments, and the adapter that has it.
CALLS = [
    (ADAPTER, "text.caps", {"text": "straße, ﬁne"}),
    (ADAPTER, "text.count", {"n": 3}),
    (ADAPTER, "echo", {"wide": 2**63, "float": 1e21, "z": None, "a": [True, "\u2028"]}),
    (RUST_ADAPTER, "echo", {"wide": 2**63, "float": 1e21, "z": None, "a": [True, "\u2028"]}),
    (RUST_ADAPTER, "count", {"n": 3}),
    (RUST_ADAPTER, "reject", {"why": "no"}),
    (RUST_ADAPTER, "fail", {"code": "ADAPTER_TEST", "message": "m", "details": {"b": 1, "a": 2}}),
]


@unittest.skipUnless(programs.HAS_RUST, "the Rust side is not built: run cargo build --workspace first")
class FourPairs(WithFolder):
    def rust(self, adapter: str, op: str, args: dict, name: str) -> subprocess.CompletedProcess:
        # The folder of the Python adapter is not granted by itself: no manifest lies in it.
        words = ["--adapter", adapter, "--op", op, "--args", json.dumps(args), "--seed", SEED, "--out", self.out(name)]
        env = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH_S)}
        return subprocess.run([RUST_RUNNER, "run", *words], capture_output=True, timeout=programs.WAIT_S, env=env)

    def test_the_transcript_does_not_tell_which_runner_wrote_it(self) -> None:
        for index, (adapter, op, args) in enumerate(CALLS):
            with self.subTest(op=op, adapter=adapter):
                # A shim of a version manager would be refused, so the interpreter is named by its real path.
                real = shlex.join([os.path.realpath(sys.executable), programs.path("adapter.py")])
                rust = self.rust(real if adapter == ADAPTER else adapter, op, args, f"rust{index}")
                flags = ["--op", op, "--args", json.dumps(args), "--seed", SEED, "--clock", EPOCH]
                python = Run(self.out(f"python{index}"), adapter, *flags)
                self.assertEqual(rust.returncode, python.code, rust.stderr)
                self.assertEqual(rust.stdout.decode(), python.out)
                with open(os.path.join(self.out(f"rust{index}"), "ipc-transcript.ndjson"), "rb") as file:
                    written = file.read()
                self.assertEqual(written.decode(), python.file("ipc-transcript.ndjson").decode())
                self.assertGreater(written.count(b"\n"), 5)
                for name in (f"rust{index}", f"python{index}"):
                    for judge in (verify, rust_verify):
                        code, said = judge(self.out(name))
                        self.assertEqual(code, 0, f"{judge.__name__} of {name}: {said}")

    def test_both_verifiers_take_the_same_digest_and_refuse_another(self) -> None:
        self.assertEqual(self.rust(RUST_ADAPTER, "echo", {}, "out").returncode, 0)
        with open(os.path.join(self.out(), "run-receipt.json"), "rb") as file:
            digests = json.load(file)["digests"]["receipt"]
        for judge in (verify, rust_verify):
            for name in ("blake3", "sha256"):
                code, said = judge(self.out(), "--expect-digest", f"{name}:{digests[name]}")
                self.assertEqual((code, said.split()[0]), (0, "verified"))
            self.assertEqual(judge(self.out(), "--expect-digest", "sha256:" + "0" * 64)[0], 1)

    def test_any_flipped_byte_is_found_by_both(self) -> None:
        self.assertEqual(self.rust(RUST_ADAPTER, "count", {"n": 1}, "out").returncode, 0)
        for name in ("ipc-transcript.ndjson", "run-receipt.json"):
            target = os.path.join(self.out(), name)
            with open(target, "rb") as file:
                good = file.read()
            # A step that has no common factor with anything in the file; docs/receipts.md has no byte that does not count.
            for at in range(0, len(good), 61):
                with open(target, "wb") as file:
                    file.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
                codes = verify(self.out())[0], rust_verify(self.out())[0]
                self.assertEqual(codes[0], codes[1], f"{name} at {at}")
                self.assertIn(codes[0], (1, 6), f"{name} at {at}")
            with open(target, "wb") as file:
                file.write(good)

    def test_swapped_cut_added_and_foreign_lines_are_found_by_both(self) -> None:
        self.assertEqual(self.rust(RUST_ADAPTER, "count", {"n": 3}, "out").returncode, 0)
        self.assertEqual(self.rust(RUST_ADAPTER, "count", {"n": 2}, "other").returncode, 0)
        target = os.path.join(self.out(), "ipc-transcript.ndjson")
        with open(target, "rb") as file:
            good = file.read()
        with open(os.path.join(self.out("other"), "ipc-transcript.ndjson"), "rb") as file:
            foreign = file.read()
        lines = good.splitlines(keepends=True)
        reordered = json.dumps(dict(reversed(json.loads(lines[0]).items())), separators=(",", ":")).encode() + b"\n"
        cases = {
            "swapped": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
            "cut line": b"".join(lines[:-1]),
            "cut byte": good[:-1],
            "added newline": good + b"\n",
            "carriage return": good.replace(b"\n", b"\r\n"),
            "reordered keys": reordered + b"".join(lines[1:]),
            "another run": foreign,
            "empty": b"",
        }
        for name, data in cases.items():
            with self.subTest(name):
                with open(target, "wb") as file:
                    file.write(data)
                self.assertEqual((verify(self.out())[0], rust_verify(self.out())[0]), (1, 1))
        with open(target, "wb") as file:
            file.write(good)
        # A file that the receipt does not know.
        unknown = os.path.join(self.out(), "ipc-wire.ndjson")
        with open(unknown, "wb") as file:
            file.write(b"{}\n")
        self.assertEqual((verify(self.out())[0], rust_verify(self.out())[0]), (1, 1))
        os.remove(unknown)
        self.assertEqual((verify(self.out())[0], rust_verify(self.out())[0]), (0, 0))
        os.remove(target)
        self.assertEqual((verify(self.out())[0], rust_verify(self.out())[0]), (6, 6))
        shutil.rmtree(self.out())
        self.assertEqual((verify(self.out())[0], rust_verify(self.out())[0]), (6, 6))


if __name__ == "__main__":
    unittest.main()
