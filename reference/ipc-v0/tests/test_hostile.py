"""runner.py against adapters that break the rules. Each is a few lines on top of a naive peer."""
import json
import os
import select
import unittest

import programs
from programs import Run, WithFolder, verify

PEER = """
import json, os, select, signal, subprocess, sys
number = 0
def raw(data):
    os.write(1, data) if len(data) < 4096 else (sys.stdout.buffer.write(data), sys.stdout.buffer.flush())
def say(kind, payload, reply=None, end=b"\\n", **more):
    global number
    number += 1
    message = {"v": "ipc.v0", "id": "peer-%08d" % number, "ts": "2026-01-02T03:04:05Z", "type": kind, "payload": payload, **more}
    if reply is not None:
        message["replyTo"] = reply
    raw(json.dumps(message).encode() + end)
def hear():
    return json.loads(sys.stdin.buffer.readline())
def offer(**more):
    say("capabilities", {"adapter": {"name": "peer", "version": "1"}, "capabilities": [{"name": "op", **more}]})
def greet():
    say("hello_ack", {"selected": "ipc.v0"}, hear()["id"])
    offer()
    hear()
def done(reply, **more):
    say("result", {"ok": True, "data": {}}, reply, **more)
def until_eof():
    while sys.stdin.buffer.read(65536): pass
"""
HANDSHAKE = ["hello", "hello_ack", "capabilities", "capabilities_ack"]
OPEN = HANDSHAKE + ["invoke"]
# name: (source, exit status of the runner, code, types of the transcript, exit status of the adapter)
CASES = {
    "ends_before_the_handshake": ("sys.exit(3)", 4, "ADAPTER_EXITED", ["hello"], 3),
    "ends_in_an_invoke_with_status_0": ("greet(); hear()", 4, "ADAPTER_EXITED", OPEN, 0),
    "is_killed_in_an_invoke": ("greet(); hear(); os.kill(os.getpid(), 11)", 4, "ADAPTER_KILLED", OPEN, -11),
    "prints_a_banner_first": ("print('Welcome!', flush=True); greet(); done(hear()['id'])", 4, "IPC_BAD_ENVELOPE", ["hello"], None),
    "sends_an_array": ("greet(); hear(); raw(b'[]\\n'); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "sends_an_empty_line": ("greet(); hear(); raw(b'\\n'); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "sends_bad_utf8": ("greet(); hear(); raw(b'\\xff\\n'); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "sends_half_a_line_and_ends": ("greet(); hear(); raw(b'{\"v\":\"ipc.v0\"')", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "sends_a_line_over_the_limit": ("greet(); hear(); raw(b'x' * (17 << 20) + b'\\n'); until_eof()", 4, "IPC_LINE_TOO_LONG", OPEN, 0),
    "sends_a_null_reply_to": ("greet(); hear(); done(None, replyTo=None); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "sends_another_member": ("greet(); done(hear()['id'], extra=1); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "uses_an_id_twice": ("greet(); i = hear()['id']; number = 0; done(i); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "speaks_another_version": ("hear(); say('hello_ack', {'selected': 'ipc.v0'}, v='ipc.v1'); until_eof()", 4, "IPC_PROTO_MISMATCH", ["hello"], 0),
    "selects_another_protocol": ("say('hello_ack', {'selected': 'ipc.v9'}, hear()['id']); until_eof()", 4, "IPC_PROTO_MISMATCH", ["hello"], 0),
    "skips_hello_ack": ("hear(); offer(); until_eof()", 4, "IPC_STATE", ["hello"], 0),
    "acknowledges_something_else": ("hear(); say('hello_ack', {'selected': 'ipc.v0'}, 'who-knows'); until_eof()", 4, "IPC_STATE", ["hello"], 0),
    "refuses_the_handshake": ("say('error', {'code': 'ADAPTER_MOODY', 'message': 'no'}, hear()['id']); until_eof()", 4, "ADAPTER_MOODY", ["hello", "error"], 0),
    "answers_in_the_handshake": ("say('result', {'ok': True, 'data': {}}, hear()['id']); until_eof()", 4, "IPC_STATE", ["hello"], 0),
    "offers_something_else": (
        "say('hello_ack', {'selected': 'ipc.v0'}, hear()['id']); say('capabilities', {'adapter': {'name': 'n', 'version': 'v'}, 'capabilities': []}); until_eof()",
        2, "CONTRACT_OP_NOT_OFFERED", HANDSHAKE[:3], 0),
    "offers_an_unknown_side_effect": ("say('hello_ack', {'selected': 'ipc.v0'}, hear()['id']); offer(sideEffects=['magic']); until_eof()", 4, "IPC_BAD_ENVELOPE", HANDSHAKE[:2], 0),
    "offers_an_operation_twice": (
        "say('hello_ack', {'selected': 'ipc.v0'}, hear()['id']); say('capabilities', {'adapter': {'name': 'n', 'version': 'v'}, 'capabilities': [{'name': 'op'}] * 2}); until_eof()",
        4, "IPC_BAD_ENVELOPE", HANDSHAKE[:2], 0),
    "offers_a_negative_timeout": ("say('hello_ack', {'selected': 'ipc.v0'}, hear()['id']); offer(timeouts={'defaultMs': -1}); until_eof()", 4, "IPC_BAD_ENVELOPE", HANDSHAKE[:2], 0),
    "hangs_in_the_handshake": ("until_eof()", 5, "IPC_TIMEOUT", ["hello"], 0),
    "hangs_in_an_invoke": ("greet(); until_eof()", 5, "IPC_TIMEOUT", OPEN + ["cancel"], 0),
    "never_reads_a_large_invoke": ("greet(); signal.pause()", 5, "IPC_TIMEOUT", OPEN + ["cancel"], -15),
    "ignores_sigterm_in_an_invoke": ("signal.signal(15, signal.SIG_IGN); greet(); signal.pause(); signal.pause()", 5, "IPC_TIMEOUT", OPEN + ["cancel"], -9),
    "is_cancelled_and_says_so": (
        "greet(); i = hear()['id']; c = hear(); assert (c['type'], c['replyTo'], c['payload']) == ('cancel', i, {'reason': 'timeout'})\n"
        "say('error', {'code': 'ADAPTER_CANCELLED', 'message': ''}, i); until_eof()",
        5, "IPC_TIMEOUT", OPEN + ["cancel", "error"], 0),
    "answers_another_message": ("greet(); hear(); done('who-knows'); until_eof()", 4, "IPC_STATE", OPEN, 0),
    "answers_twice": ("greet(); i = hear()['id']; done(i); done(i); until_eof()", 4, "IPC_STATE", OPEN + ["result"], 0),
    "answers_again_at_the_end": ("greet(); i = hear()['id']; done(i); until_eof(); done(i)", 4, "IPC_STATE", OPEN + ["result"], 0),
    "says_garbage_at_the_end": ("greet(); done(hear()['id']); until_eof(); raw(b'bye\\n')", 4, "IPC_BAD_ENVELOPE", OPEN + ["result"], 0),
    "errs_without_reply_to": ("greet(); hear(); say('error', {'code': 'ADAPTER_LOST', 'message': 'where?'}); until_eof()", 4, "IPC_STATE", OPEN + ["error"], 0),
    "errs": ("greet(); say('error', {'code': 'ADAPTER_SAD', 'message': 'x', 'details': {'a': 1}}, hear()['id']); until_eof()", 4, "ADAPTER_SAD", OPEN + ["error"], 0),
    "errs_with_a_lower_case_code": ("greet(); say('error', {'code': 'sad', 'message': 'x'}, hear()['id']); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "errs_with_a_code_of_129_characters": ("greet(); say('error', {'code': 'ADAPTER_' + 'X' * 121, 'message': 'x'}, hear()['id']); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "errs_with_a_double_underscore": ("greet(); say('error', {'code': 'ADAPTER__X', 'message': 'x'}, hear()['id']); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "says_ok_without_data": ("greet(); say('result', {'ok': True}, hear()['id']); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "says_ok_1": ("greet(); say('result', {'ok': 1, 'data': {}}, hear()['id']); until_eof()", 4, "IPC_BAD_ENVELOPE", OPEN, 0),
    "skips_a_seq": ("greet(); i = hear()['id']; say('progress', {'seq': 3}, i); say('progress', {'seq': 5}, i); until_eof()", 4, "IPC_STATE", OPEN + ["progress"], 0),
    "sends_what_runners_send": ("greet(); say('cancel', {}, hear()['id']); until_eof()", 4, "IPC_STATE", OPEN, 0),
    "closes_stdout": ("greet(); hear(); os.close(1); until_eof()", 4, "ADAPTER_CLOSED_STDOUT", OPEN, 0),
    "says_no": ("greet(); say('result', {'ok': False}, hear()['id']); until_eof()", 1, "CONTRACT_REJECTED", OPEN + ["result"], 0),
    "answers_without_lf_and_ends": ("greet(); done(hear()['id'], end=b'')", 0, None, OPEN + ["result"], 0),
    "ends_lines_with_cr_lf": ("greet(); done(hear()['id'], end=b'\\r\\n'); until_eof()", 0, None, OPEN + ["result"], 0),
    "sends_unknown_types": ("greet(); say('weather', {}); done(hear()['id']); until_eof()", 0, None, OPEN + ["result"], 0),
    "ends_with_status_9_after_the_answer": ("greet(); done(hear()['id']); sys.exit(9)", 0, None, OPEN + ["result"], 9),
    "does_not_end": ("greet(); done(hear()['id']); signal.pause()", 4, "ADAPTER_IGNORED_EOF", OPEN + ["result"], -15),
    "does_not_end_and_ignores_sigterm": ("signal.signal(15, signal.SIG_IGN); greet(); done(hear()['id']); signal.pause(); signal.pause()", 4, "ADAPTER_IGNORED_EOF", OPEN + ["result"], -9),
    "floods_stderr": ("os.write(2, b'first'); [os.write(2, b'x' * 65536) for _ in range(32)]; greet(); done(hear()['id']); until_eof(); os.write(2, b'last')", 0, None, OPEN + ["result"], 0),
    "writes_u2028_and_u0085_raw": ("greet(); i = hear()['id']; json.dumps = lambda m, d=json.dumps: d(m, ensure_ascii=False); say('progress', {'seq': 0, 'message': '\\u2028\\u2029\\x85'}, i); done(i); until_eof()", 0, None, OPEN + ["progress", "result"], 0),
    "counts_in_doubles": ("greet(); i = hear()['id']; say('progress', {'seq': 0.0}, i); say('progress', {'seq': 1.0}, i); done(i); until_eof()", 0, None, OPEN + ["progress"] * 2 + ["result"], 0),
}  # fmt: skip
STATUS = {2: "failed", 0: "satisfied", 1: "violated", 4: "failed", 5: "timed-out"}


class Hostile(WithFolder):
    def meet(self, source: str, *flags: str, name: str = "out") -> Run:
        script = os.path.join(self.folder, name + ".py")
        with open(script, "w", encoding="utf-8") as file:
            file.write(PEER + source + "\n")
        run = Run(self.out(name), programs.command(script), "--op", "op", *flags)
        self.assertNotIn("runner.py\", line", run.err)  # no traceback of the runner's own
        self.assertEqual(verify(run.folder), (0, "consistent (unsigned)"))
        return run

    def check(self, name: str) -> Run:
        source, code, error, types, exit_code = CASES[name]
        args = json.dumps({"text": "x" * (120_000 if name == "never_reads_a_large_invoke" else 1)})
        run = self.meet(source, "--args", args, "--handshake-ms", "400" if name == "hangs_in_the_handshake" else "10000", "--timeout-ms", "400" if code == 5 else "20000")
        receipt = run.receipt
        self.assertEqual((run.code, run.types), (code, types), run.err)
        self.assertEqual((receipt["status"], receipt["error"] and receipt["error"]["code"]), (STATUS[code], error))
        if exit_code is not None:
            self.assertEqual(receipt["exitCode"], exit_code)
        self.assertEqual(receipt["reproducible"], code != 5)
        self.assertEqual(bool(run.out), code in (0, 1) and "data" in receipt["result"])
        self.assertEqual(os.path.exists(os.path.join(run.folder, "ipc-wire.ndjson")), code not in (0, 1))
        self.assertEqual(error is not None and error not in run.err, False)
        return run

    def test_what_came_last_is_shown_and_kept_on_the_wire(self) -> None:
        run = self.check("prints_a_banner_first")
        self.assertEqual(run.receipt["error"]["lastFrame"], "Welcome!")
        wire = [json.loads(line) for line in run.file("ipc-wire.ndjson").splitlines()]
        self.assertIn(("in", "Welcome!"), [(record["dir"], record["text"]) for record in wire if record.get("note") == "refused"])

    def test_the_cause_of_an_error_without_reply_to_is_shown(self) -> None:
        self.assertEqual(self.check("errs_without_reply_to").receipt["error"]["cause"], "ADAPTER_LOST: where?")

    def test_details_of_an_error_are_kept(self) -> None:
        self.assertEqual(self.check("errs").receipt["error"], {"code": "ADAPTER_SAD", "message": "x", "details": {"a": 1}})

    def test_what_is_accepted_though_unusual_is_counted(self) -> None:
        for name, counter, wanted in (("answers_without_lf_and_ends", "missingLf", 1), ("ends_lines_with_cr_lf", "crBeforeLf", 1), ("sends_unknown_types", "unknownTypes", 1)):
            self.assertEqual(self.check(name).receipt["observed"]["counters"][counter], wanted)

    def test_whether_the_runner_had_to_end_it_is_said(self) -> None:
        for name, wanted in (("says_no", None), ("does_not_end", "SIGTERM"), ("does_not_end_and_ignores_sigterm", "SIGKILL")):
            self.assertEqual(self.check(name).receipt["observed"]["endedByRunner"], wanted)

    def test_of_a_flood_on_stderr_the_tail_is_kept(self) -> None:
        observed = self.check("floods_stderr").receipt["observed"]
        self.assertEqual(observed["counters"]["stderrBytes"], 5 + 32 * 65536 + 4)
        self.assertEqual((len(observed["stderrTail"]), observed["stderrTail"][:1], observed["stderrTail"][-4:]), (65536, "x", "last"))

    def test_progress_feeds_the_idle_deadline_but_never_the_total_one(self) -> None:
        endless = "greet(); i = hear()['id']; n = 0\nwhile not select.select([0], [], [], 0.05)[0]:\n    say('progress', {'seq': n}, i); n += 1\nuntil_eof()"
        run = self.meet(endless, "--idle-ms", "700", "--timeout-ms", "1500")
        self.assertEqual((run.code, run.receipt["error"]["code"]), (5, "IPC_TIMEOUT"))
        self.assertGreater(run.receipt["counts"]["progress"], 14)  # more than the idle deadline alone would have let through
        silent = self.meet("greet(); hear(); until_eof()", "--idle-ms", "300", name="silent")
        self.assertEqual((silent.code, silent.receipt["counts"]["progress"]), (5, 0))

    def test_a_late_end_is_counted_and_ignored(self) -> None:
        run = self.meet("greet(); i = hear()['id']; until_eof(); done(i)", "--timeout-ms", "300")
        self.assertEqual((run.code, run.types[-1]), (5, "cancel"))
        self.assertEqual(run.receipt["observed"]["counters"]["lateEnds"], 1)

    def test_a_process_that_the_adapter_left_behind_is_ended(self) -> None:
        leave = "p = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); print(p.pid, file=sys.stderr, flush=True)\n"
        run = self.meet(leave + "greet(); done(hear()['id']); until_eof()")
        self.assertEqual((run.code, run.receipt["exitCode"]), (0, 0))
        try:
            process = os.pidfd_open(int(run.receipt["observed"]["stderrTail"]))
        except ProcessLookupError:
            return
        self.addCleanup(os.close, process)
        self.assertTrue(select.select([process], [], [], programs.WAIT_S)[0], "it still runs")

    def test_reply_to_in_the_transcript_follows_from_the_type(self) -> None:
        odd = "say('hello_ack', {'selected': 'ipc.v0'}, hear()['id']); say('capabilities', {'adapter': {'name': 'n', 'version': 'v'}, 'capabilities': [{'name': 'op'}]}, 'whatever'); hear()\n"
        run = self.meet(odd + "done(hear()['id']); until_eof()")
        self.assertEqual((run.code, ["replyTo" in line for line in run.lines]), (0, [False, True, False, True, False, True]))
        self.assertNotIn("replyTo", self.check("refuses_the_handshake").lines[1])

    def test_after_an_error_the_other_repetitions_still_run(self) -> None:
        source = "greet(); say('error', {'code': 'ADAPTER_SAD', 'message': 'x'}, hear()['id']); done(hear()['id']); until_eof()"
        run = self.meet(source, "--repeat", "2")
        self.assertEqual((run.code, run.types[4:], run.receipt["result"]), (4, ["invoke", "error", "invoke", "result"], {"ok": True, "data": {}}))


def add_case(name: str) -> None:
    def test(self: Hostile) -> None:
        self.check(name)

    setattr(Hostile, f"test_an_adapter_that_{name}", test)


for case in CASES:
    add_case(case)


if __name__ == "__main__":
    unittest.main()
