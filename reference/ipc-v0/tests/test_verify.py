"""verify.py: nothing that was changed passes, and what was changed is named."""
import json
import os
import shutil
import subprocess
import sys
from typing import Callable, Optional

import programs
from programs import Run, WithFolder, verify

RUNNER, VERIFIER = programs.load("runner"), programs.load("verify")
RECEIPT, TRANSCRIPT = "run-receipt.json", "ipc-transcript.ndjson"
OK = "consistent (unsigned)"


class Verify(WithFolder):
    def setUp(self) -> None:
        super().setUp()
        self.run_ = Run(self.out(), programs.ADAPTER, "--op", "text.count", "--args", '{"n":2}')
        self.assertEqual(verify(self.out()), (0, OK))
        self.files = {name: self.run_.file(name) for name in (RECEIPT, TRANSCRIPT)}

    def read(self, name: str) -> bytes:
        return self.run_.file(name)

    def write(self, name: str, data: bytes) -> None:
        with open(os.path.join(self.out(), name), "wb") as file:
            file.write(data)

    def judge(self) -> str:
        """The answer, in this process: mismatch, unverifiable, or what verify() says. The Rust side must say the same."""
        try:
            code, answer = 0, VERIFIER.verify(self.out())
        except VERIFIER.Mismatch as mismatch:
            code, answer = 1, f"mismatch: {mismatch}"
        except VERIFIER.Unverifiable as missing:
            code, answer = 6, f"unverifiable: {missing}"
        if programs.HAS_RUST:
            rust, said = programs.rust_verify(self.out())
            self.assertEqual(code, rust, f"Python says {answer}; Rust says {said}")
        return answer

    def seal(self, receipt: dict, lines: Optional[list] = None) -> None:
        """What a forger would do: every digest is made new, with the code of the runner."""
        if lines is not None:
            data = b"".join(RUNNER.canonical(line) + b"\n" for line in lines)
            self.write(TRANSCRIPT, data)
            receipt["digests"]["transcript"] = RUNNER.file_digest(data)
        subject = {
            "v": "run-subject.v0", "operation": receipt["invocation"]["op"], "args": receipt["invocation"]["args"], "profile": receipt["sandbox"]["profile"],
            "manifest": receipt["manifest"], "transcript": receipt["digests"]["transcript"]["blake3"],
            "outcome": {"status": receipt["status"], "code": receipt["error"] and receipt["error"]["code"]},
        }  # fmt: skip
        receipt["digests"].pop("receipt", None)
        receipt["digests"]["subject"] = RUNNER.digest(RUNNER.canonical(subject))
        receipt["digests"]["receipt"] = RUNNER.digest(RUNNER.canonical(receipt))
        self.write(RECEIPT, RUNNER.canonical(receipt))

    def forged(self, change: Callable[[dict, list], None], wanted: str) -> None:
        """Changes the run as it was, seals it anew, and expects this answer."""
        for name, data in self.files.items():
            self.write(name, data)
        receipt, lines = self.run_.receipt, self.run_.lines
        change(receipt, lines)
        self.seal(receipt, lines)
        self.assertIn(wanted, self.judge())

    def test_sealing_without_a_change_is_consistent(self) -> None:
        self.seal(self.run_.receipt, self.run_.lines)
        self.assertEqual(self.judge(), OK)

    def test_no_byte_with_a_flipped_bit_passes(self) -> None:
        for name in (RECEIPT, TRANSCRIPT):
            data = self.read(name)
            for at in range(len(data)):
                bit = (0x01, 0x20, 0x80, 0x02)[at % 4]
                self.write(name, data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
                self.assertRegex(self.judge(), "^(mismatch|unverifiable): ", f"{name}: byte {at}, bit {bit:#x}")
            self.write(name, data)
        self.assertEqual(self.judge(), OK)

    def test_no_cut_tail_passes(self) -> None:
        for name in (RECEIPT, TRANSCRIPT):
            data = self.read(name)
            for size in [0, 1, len(data) // 2, *range(len(data) - 40, len(data))]:
                self.write(name, data[:size])
                self.assertNotEqual(self.judge(), OK, f"{name} cut to {size}")
            self.write(name, data)

    def test_added_bytes_and_moved_lines_are_a_mismatch(self) -> None:
        data = self.read(TRANSCRIPT)
        lines = data.splitlines(keepends=True)
        for changed in (data + b"\n", b"\n" + data, data + lines[-1], b"".join(lines[:-1]), b"".join([*lines[:5], lines[6], lines[5], *lines[7:]])):
            self.write(TRANSCRIPT, changed)
            self.assertEqual(verify(self.out())[0], 1)

    def test_a_receipt_that_is_not_canonical_is_a_mismatch(self) -> None:
        data, receipt = self.read(RECEIPT), self.run_.receipt
        for changed in (data + b"\n", b" " + data, json.dumps(receipt).encode(), RUNNER.canonical_text({}).encode()[:1] + b'"v":"run-receipt.v0",' + data[1:].replace(b',"v":"run-receipt.v0"', b"")):
            self.write(RECEIPT, changed)
            code, answer = verify(self.out())
            self.assertEqual((code, answer.startswith("mismatch: run-receipt.json: byte ")), (1, True), answer)

    def test_the_transcript_of_another_run_is_a_mismatch(self) -> None:
        other = self.run_op("text.count", {"n": 3}, name="other")
        self.write(TRANSCRIPT, other.file(TRANSCRIPT))
        self.assertEqual(verify(self.out())[0], 1)

    def test_missing_or_odd_files_are_unverifiable(self) -> None:
        transcript = os.path.join(self.out(), TRANSCRIPT)
        os.rename(transcript, self.out("kept"))
        self.assertEqual(verify(self.out())[0], 6)
        os.symlink(self.out("kept"), transcript)
        self.assertEqual(verify(self.out())[0], 6)
        os.remove(transcript)
        os.mkfifo(transcript)
        self.assertEqual(verify(self.out())[0], 6)
        os.remove(os.path.join(self.out(), RECEIPT))
        self.assertEqual(verify(self.out()), (6, "unverifiable: run-receipt.json: No such file or directory"))
        self.assertEqual(verify(self.out("nowhere"))[0], 6)

    def test_what_is_no_receipt_is_unverifiable_and_never_a_traceback(self) -> None:
        data = self.read(RECEIPT)
        for changed in (b"", b"[]", b"null", b"\xff", b"{" * 100_000, b'{"v":"run-receipt.v1"}', data.replace(b'"pid":', b'"pid":1,"pid":'), data.replace(b'"exitCode":0', b'"exitCode":false'), b"{}\0"):
            self.write(RECEIPT, changed)
            code, answer = verify(self.out())
            self.assertEqual((code, answer[:13]), (6, "unverifiable:"), answer)

    def test_usage_errors_exit_2(self) -> None:
        for flags in ([], [self.out(), "more"], [self.out(), "--expect-digest", "md5:0"], [self.out(), "--expect-digest", "blake3:" + "A" * 64]):
            done = subprocess.run([sys.executable, programs.path("verify.py"), *flags], capture_output=True, timeout=programs.WAIT_S)
            self.assertEqual((done.returncode, done.stdout), (2, b""))

    def test_an_expected_digest_verifies_and_finds_a_folder_sealed_anew(self) -> None:
        digest = self.run_.receipt["digests"]["receipt"]
        for algorithm in ("blake3", "sha256"):
            self.assertEqual(verify(self.out(), "--expect-digest", f"{algorithm}:{digest[algorithm]}"), (0, "verified"))
        receipt, lines = self.run_.receipt, self.run_.lines
        lines[-1]["payload"]["data"]["n"] = receipt["result"]["data"]["n"] = 5
        self.seal(receipt, lines)
        self.assertEqual(verify(self.out()), (0, OK))
        code, answer = verify(self.out(), "--expect-digest", "sha256:" + digest["sha256"])
        self.assertEqual((code, answer), (1, "mismatch: run-receipt.json: /digests/receipt/sha256: not the expected digest"))

    def test_a_changed_message_is_named_by_file_and_pointer(self) -> None:
        self.write(TRANSCRIPT, self.read(TRANSCRIPT).replace(b'"n":2}', b'"n":3}', 1))
        self.assertEqual(verify(self.out()), (1, "mismatch: ipc-transcript.ndjson: its sha256 is not the one at run-receipt.json: /digests/transcript/sha256"))

    def test_the_wire_layer_is_covered(self) -> None:
        run = self.run_op("echo", {}, "--keep-wire", name="wire")
        wire = os.path.join(run.folder, "ipc-wire.ndjson")
        with open(wire, "ab") as file:
            file.write(b"\n")
        self.assertEqual(verify(run.folder)[0], 1)
        os.remove(wire)
        self.assertEqual(verify(run.folder)[0], 6)

    def test_forged_receipts_contradict_their_transcript(self) -> None:
        def put(*path: object, value: object) -> Callable[[dict, list], None]:
            def change(receipt: dict, lines: list) -> None:
                place = receipt
                for key in path[:-1]:
                    place = place[key]
                place[path[-1]] = value

            return change

        for change, wanted in (
            (put("status", value="failed"), "consistent"),  # a failed run may have any transcript
            (put("status", value="violated"), "mismatch: run-receipt.json: /status"),
            (put("status", value="timed-out"), "mismatch: run-receipt.json: /reproducible"),
            (put("reproducible", value=False), "mismatch: run-receipt.json: /reproducible"),
            (put("error", value={"code": "CONTRACT_REJECTED", "message": ""}), "mismatch: run-receipt.json: /error"),
            (put("result", "data", "n", value=7), "mismatch: run-receipt.json: /result/data/n"),
            (put("result", value=None), "mismatch: run-receipt.json: /result"),
            (put("capabilities", "adapter", "name", value="x"), "mismatch: run-receipt.json: /capabilities/adapter/name"),
            (put("invocation", "args", "n", value=True), "mismatch: run-receipt.json: /invocation/args/n"),
            (put("counts", "progress", value=3), "mismatch: run-receipt.json: /counts/progress"),
            (put("wideIntegers", value=True), "mismatch: run-receipt.json: /wideIntegers"),
            (put("session", "id", value="0" * 32), "mismatch: run-receipt.json: /session/id"),
            (put("session", "seed", value="1" * 32), "mismatch: ipc-transcript.ndjson:1: /id"),
            (put("ts", value="1970-01-01T00:00:00.001Z"), "mismatch: ipc-transcript.ndjson:1: /ts"),
            (put("v", value="run-receipt.v9"), "unverifiable: run-receipt.json: /v"),
            (put("status", value="excellent"), "unverifiable: run-receipt.json: /status"),
            (put("signature", value="trust me"), "unverifiable: run-receipt.json: /signature"),
            (put("authority", "extra", value=1), "unverifiable: run-receipt.json: /authority/extra"),
            (put("counts", "errors", value=False), "unverifiable: run-receipt.json: /counts/errors"),
            (put("transcript", value="../x.ndjson"), "unverifiable: run-receipt.json: /transcript"),
            (put("transcript", value=None), "mismatch: run-receipt.json: /digests/transcript"),
        ):
            with self.subTest(wanted=wanted):
                self.forged(change, wanted)

    def test_forged_transcripts_break_the_order(self) -> None:
        def renumbered(edit: Callable[[list], None]) -> Callable[[dict, list], None]:
            def change(receipt: dict, lines: list) -> None:
                edit(lines)
                old = {}
                for n, line in enumerate(lines):
                    old[line["id"]] = line["id"] = RUNNER.derived_id("transcript", receipt["session"]["seed"], n)
                    line["ts"] = RUNNER.timestamp(n)

            return change

        def swap(lines: list) -> None:
            lines[4], lines[5] = lines[5], lines[4]

        for edit, wanted in (
            (lambda lines: lines.pop(3), "ndjson:4: /type"),
            (swap, "ndjson:5: /type"),
            (lambda lines: lines.insert(5, dict(lines[-1])), "ndjson:7: /type"),
            (lambda lines: lines[5]["payload"].update(seq=4), "ndjson:7: /payload/seq"),
            (lambda lines: lines[5]["payload"].update(fraction=True), "ndjson:6: /payload/fraction"),
            (lambda lines: lines[7].pop("replyTo"), "ndjson:8: /replyTo"),
            (lambda lines: lines[7].update(replyTo=lines[0]["id"]), "ndjson:8: /replyTo"),
            (lambda lines: lines[4].update(replyTo=lines[0]["id"]), "ndjson:5: /replyTo"),
            (lambda lines: lines[4].update(trace={}), "ndjson:5: /trace"),
            (lambda lines: lines[4].update(v="ipc.v1"), "ndjson:5: /v"),
            (lambda lines: lines[4]["payload"].update(op="other"), "ndjson:5: /payload/op"),
            (lambda lines: lines[7].update(type="error", payload={"code": "ADAPTER_X", "message": ""}), "mismatch: run-receipt.json: /result"),
            (lambda lines: lines.append({**lines[7], "type": "weather"}), "ndjson:9: /type"),
            (lambda lines: lines.clear(), "mismatch: run-receipt.json: /capabilities"),
        ):
            with self.subTest(wanted=wanted):
                self.forged(renumbered(edit), wanted)

    def test_an_error_end_is_never_satisfied(self) -> None:
        def change(receipt: dict, lines: list) -> None:
            lines[7].update(type="error", payload={"code": "ADAPTER_X", "message": ""})
            receipt.update(result=None)
            receipt["counts"].update(results=0, errors=1)

        self.forged(change, "mismatch: run-receipt.json: /status")

    def test_the_subject_digest_follows_from_the_rest(self) -> None:
        receipt = self.run_.receipt
        for algorithm in ("blake3", "sha256"):
            forged = {**receipt, "digests": {**receipt["digests"], "subject": {**receipt["digests"]["subject"], algorithm: "0" * 64}}}
            del forged["digests"]["receipt"]
            forged["digests"]["receipt"] = RUNNER.digest(RUNNER.canonical(forged))
            self.write(RECEIPT, RUNNER.canonical(forged))
            self.assertTrue(self.judge().startswith(f"mismatch: run-receipt.json: /digests/subject/{algorithm}:"), self.judge())

    def test_a_transcript_line_that_is_not_canonical_is_named(self) -> None:
        receipt, data = self.run_.receipt, self.read(TRANSCRIPT).replace(b'"seq":1', b'"seq":1.0')
        self.write(TRANSCRIPT, data)
        receipt["digests"]["transcript"] = RUNNER.file_digest(data)
        self.seal(receipt)
        self.assertRegex(self.judge(), r"^mismatch: ipc-transcript.ndjson:7: byte \d+: not in canonical form$")

    def test_a_copy_of_the_folder_verifies_elsewhere(self) -> None:
        shutil.copytree(self.out(), self.out("copy"))
        self.assertEqual(verify(self.out("copy")), (0, OK))
