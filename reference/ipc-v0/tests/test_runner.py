"""runner.py with adapter.py: good runs, usage, determinism."""
import hashlib
import json
import os
import signal
import subprocess
import sys

import programs
from programs import CLOCK, SEED, Run, WithFolder, verify

HANDSHAKE = ["hello", "hello_ack", "capabilities", "capabilities_ack"]


class GoodRuns(WithFolder):
    def test_text_caps_prints_the_data_and_leaves_a_consistent_receipt(self) -> None:
        run = Run(self.out(), programs.ADAPTER, "--op", "text.caps", "--text", "stra\u00dfe")
        self.assertEqual((run.code, run.out, run.err), (0, '{"text":"STRASSE"}\n', ""))
        self.assertEqual(run.types, HANDSHAKE + ["invoke", "result"])
        self.assertEqual((run.receipt["status"], run.receipt["exitCode"], run.receipt["error"]), ("satisfied", 0, None))
        self.assertIsNone(run.receipt["observed"]["endedByRunner"])
        self.assertEqual(sorted(os.listdir(run.folder)), ["ipc-transcript.ndjson", "run-receipt.json"])
        self.assertEqual(verify(run.folder), (0, "consistent (unsigned)"))

    def test_the_receipt_says_that_there_is_no_sandbox(self) -> None:
        sandbox = self.run_op("echo", {}).receipt["sandbox"]
        self.assertEqual((sandbox["profile"], sandbox["requested"], sandbox["enforced"]), (None, [], []))
        self.assertEqual(sandbox["notCovered"][0]["what"], "everything")

    def test_what_the_runner_sends_is_a_function_of_the_plan(self) -> None:
        run = self.run_op("text.caps", {"text": "a"}, "--seed", SEED, "--clock", CLOCK, "--timeout-ms", "2500", "--keep-wire")
        sent = [json.loads(w["text"]) for w in map(json.loads, run.file("ipc-wire.ndjson").splitlines()) if w["dir"] == "out"]
        prefix = hashlib.sha256(b"runner\n" + SEED.encode()).hexdigest()[:16]
        self.assertEqual([m["id"] for m in sent], [prefix + f"{n:016x}" for n in range(3)])
        self.assertEqual([m["ts"] for m in sent], ["2026-01-02T03:04:05.006Z", "2026-01-02T03:04:05.007Z", "2026-01-02T03:04:05.008Z"])
        session = {"id": hashlib.sha256(b"session\n" + SEED.encode()).hexdigest()[:32], "seed": SEED, "clock": CLOCK}
        hello = {"role": "runner", "protocols": ["ipc.v0"], "requestedCapabilities": ["text.caps"], "session": session}
        self.assertEqual([m["payload"] for m in sent], [hello, {"accepted": ["text.caps"]}, {"op": "text.caps", "args": {"text": "a"}, "timeoutMs": 2500}])

    def test_the_hint_of_the_capability_shortens_the_timeout(self) -> None:
        run = self.run_op("text.caps", {"text": "a"})
        self.assertEqual(run.lines[4]["payload"]["timeoutMs"], 10000)
        self.assertEqual(self.run_op("echo", {}, name="b").lines[4]["payload"]["timeoutMs"], 600000)

    def test_the_transcript_is_numbered_and_dated_from_seed_and_clock(self) -> None:
        run = self.run_op("text.count", {"n": 2}, "--seed", SEED, "--clock", "2026-01-02T04:04:05.0069+01:00", "--repeat", "2")
        prefix = hashlib.sha256(b"transcript\n" + SEED.encode()).hexdigest()[:16]
        self.assertEqual(run.types, HANDSHAKE + ["invoke", "progress", "progress", "result"] * 2)
        for n, line in enumerate(run.lines):
            self.assertEqual((line["id"], line["ts"]), (prefix + f"{n:016x}", f"2026-01-02T03:04:05.{6 + n:03}Z"))
        self.assertEqual([line["replyTo"][-1] for line in run.lines[5:8] + run.lines[9:]], ["4"] * 3 + ["8"] * 3)
        self.assertEqual(run.receipt["counts"], {"invokes": 2, "results": 2, "errors": 0, "progress": 4})
        self.assertEqual(run.out, '{"n":2}\n{"n":2}\n')
        self.assertEqual(verify(run.folder)[0], 0)

    def test_two_runs_leave_the_same_transcript_and_subject(self) -> None:
        args = {"x": [1e-7, 1e21, 5e-324, 333333333.33333329, -0.0, 2**53, 2**64 - 1], "\u20ac": "\U0001f600"}
        runs = [self.run_op("echo", args, "--seed", SEED, "--clock", CLOCK, name=name) for name in ("a", "b")]
        self.assertEqual(runs[0].file("ipc-transcript.ndjson"), runs[1].file("ipc-transcript.ndjson"))
        self.assertEqual(runs[0].receipt["digests"]["subject"], runs[1].receipt["digests"]["subject"])
        self.assertNotEqual(runs[0].receipt["observed"]["pid"], runs[1].receipt["observed"]["pid"])
        self.assertTrue(runs[0].receipt["wideIntegers"])
        other = self.run_op("echo", args, "--seed", "f" * 32, "--clock", CLOCK, name="c")
        self.assertNotEqual(runs[0].receipt["digests"]["subject"], other.receipt["digests"]["subject"])

    def test_doubles_that_look_like_huge_integers_survive_normalising_and_verifying(self) -> None:
        run = Run(self.out(), programs.ADAPTER, "--op", "echo", "--args", '{"x":[1e20,-123456789012345680000.0,1e16]}')
        self.assertEqual(run.out, '{"args":{"x":[100000000000000000000,-123456789012345680000,10000000000000000]}}\n')
        self.assertEqual(verify(run.folder), (0, "consistent (unsigned)"))

    def test_source_date_epoch_is_the_clock(self) -> None:
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "86400"}
        run = Run(self.out(), programs.ADAPTER, "--op", "echo", env=environment)
        self.assertEqual((run.receipt["ts"], run.lines[0]["ts"]), ("1970-01-02T00:00:00.000Z",) * 2)

    def test_a_message_longer_than_a_pipe_holds_passes_both_ways(self) -> None:
        run = Run(self.out(), programs.ADAPTER, "--op", "text.caps", "--text", "x" * 100_000)
        self.assertEqual((run.code, run.out), (0, '{"text":"%s"}\n' % ("X" * 100_000)))

    def test_the_environment_of_the_adapter_is_clean(self) -> None:
        script = os.path.join(self.folder, "env.py")
        with open(script, "w") as file:
            file.write("import os,sys\nprint(sorted(os.environ), file=sys.stderr)\n")
        run = Run(self.out(), programs.command(script), "--op", "echo", env={**os.environ, "TOKEN": "hush-hush"})
        self.assertEqual(run.receipt["observed"]["stderrTail"], "['LC_ALL', 'PATH', 'TZ']\n")

    def test_paths_in_the_adapter_command_are_tokenised(self) -> None:
        script = os.path.join(self.out(), "..", "x.py")
        run = Run(self.out(), f"{programs.ADAPTER} {self.out()}/in {os.getcwd()}/here {script}", "--op", "echo")
        self.assertEqual(run.receipt["adapter"][2:4], ["${OUT}/in", "${ROOT}/here"])


class Usage(WithFolder):
    def refused(self, *flags: str, adapter: str = programs.ADAPTER) -> None:
        with self.subTest(flags=flags, adapter=adapter):
            run = Run(self.out(), adapter, *flags)
            self.assertEqual((run.code, run.out), (2, ""))
            self.assertNotIn("Traceback", run.err)
            self.assertFalse(os.path.exists(os.path.join(self.out(), "run-receipt.json")))

    def test_bad_flags_exit_2_and_leave_no_receipt(self) -> None:
        self.refused()
        for flags in (
            ["--args", "[]"], ["--args", "{"], ["--args", '{"a":1,"a":2}'], ["--args", "{}", "--text", "x"], ["--args", ""], ["--text", "\udcff"],
            ["--seed", "ABC"], ["--clock", "today"], ["--clock", "9999-12-31T00:00:00Z"], ["--repeat", "0"], ["--timeout-ms", "-1"],
            ["--args", '{"a":' + "[" * 126 + "]" * 126 + "}"],
        ):  # fmt: skip
            self.refused("--op", "echo", *flags)
        for adapter in ("", "/no/such/program", "'unclosed"):
            self.refused("--op", "echo", adapter=adapter)

    def test_the_deepest_args_that_fit_are_sent(self) -> None:
        run = Run(self.out(), programs.ADAPTER, "--op", "echo", "--args", '{"a":' + "[" * 124 + "]" * 124 + "}")
        self.assertEqual((run.code, verify(run.folder)[0]), (0, 0))

    def test_a_folder_with_the_files_of_others_is_left_alone(self) -> None:
        os.mkdir(self.out())
        precious = os.path.join(self.out(), "thesis.txt")
        with open(precious, "w") as file:
            file.write("x")
        self.assertEqual(self.run_op("echo", {}).code, 2)
        self.assertEqual(os.listdir(self.out()), ["thesis.txt"])

    def test_an_old_receipt_is_gone_once_a_launch_begins(self) -> None:
        self.assertEqual(self.run_op("echo", {}, "--keep-wire").code, 0)
        bad = Run(self.out(), programs.command("-c", "raise SystemExit(7)"), "--op", "echo")
        self.assertEqual((bad.code, bad.receipt["status"], bad.receipt["exitCode"]), (4, "failed", 7))
        self.assertEqual(verify(bad.folder), (0, "consistent (unsigned)"))

    def test_a_program_that_cannot_be_executed_leaves_a_receipt_without_a_transcript(self) -> None:
        program = os.path.join(self.folder, "broken")
        with open(program, "wb") as file:
            file.write(b"\x00not a program")
        os.chmod(program, 0o755)
        run = Run(self.out(), program, "--op", "echo")
        self.assertEqual((run.code, run.receipt["error"]["code"]), (4, "ADAPTER_SPAWN_FAILED"))
        self.assertEqual((run.receipt["transcript"], run.receipt["exitCode"]), (None, None))
        self.assertEqual(verify(run.folder), (0, "consistent (unsigned)"))


class Signals(WithFolder):
    def test_a_signal_to_the_runner_ends_the_adapter_and_leaves_a_receipt(self) -> None:
        for signum, wanted in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            words = [sys.executable, programs.path("runner.py"), "--adapter", programs.ADAPTER, "--out", self.out(), "--op", "text.count"]
            ready = os.path.join(self.folder, "ready")
            if not os.path.exists(ready):
                os.mkfifo(ready)
            script = f"import os,sys\nprint('up', file=open({ready!r}, 'w'), flush=True)\nsys.stdin.read()"
            words[3] = programs.command("-c", script)
            with self.subTest(signum=signum), subprocess.Popen(words, stderr=subprocess.PIPE) as runner:
                with open(ready) as up:  # opens when the adapter runs
                    self.assertEqual(up.readline(), "up\n")
                runner.send_signal(signum)
                self.assertEqual(runner.wait(programs.WAIT_S), wanted, runner.stderr.read())
            with open(os.path.join(self.out(), "run-receipt.json")) as file:
                receipt = json.load(file)
            self.assertEqual((receipt["status"], receipt["reproducible"], receipt["exitCode"]), ("cancelled", False, 0))
            self.assertEqual(verify(self.out()), (0, "consistent (unsigned)"))
