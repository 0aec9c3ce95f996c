"""adapter.py against literal bytes."""
import hashlib
import json
import re
import subprocess
import sys
import unittest

import programs

HELLO = {
    "v": "ipc.v0", "id": "hello-0001", "ts": "2026-01-02T03:04:05Z", "type": "hello",
    "payload": {"role": "runner", "protocols": ["ipc.v0"], "requestedCapabilities": [],
                "session": {"id": "0" * 32, "seed": programs.SEED, "clock": programs.CLOCK}},
}  # fmt: skip
BARE_HELLO = {**HELLO, "payload": {"role": "runner", "protocols": ["ipc.v0"], "requestedCapabilities": []}}
LOCALE_C = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": "/usr/bin:/bin"}


def message(kind: str, payload: object, identity: str = "msg-00000001", **more: object) -> dict:
    return {"v": "ipc.v0", "id": identity, "ts": "2026-01-02T03:04:05Z", "type": kind, "payload": payload, **more}


def invoke(op: str, args: object, identity: str = "invoke-0001") -> dict:
    return message("invoke", {"op": op, "args": args, "timeoutMs": 1000}, identity)


def line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


def feed(data: bytes, env: object = None) -> tuple:
    words = [sys.executable, programs.path("adapter.py")]
    done = subprocess.run(words, input=data, capture_output=True, timeout=programs.WAIT_S, env=env)
    return done.returncode, done.stdout, done.stderr


class Adapter(unittest.TestCase):
    def talk(self, *values: object, env: object = None) -> tuple:
        """Sends values (raw bytes as they are); returns the status and the answers, each of them checked."""
        code, out, err = feed(b"".join(value if isinstance(value, bytes) else line(value) for value in values), env)
        self.assertEqual(err, b"")
        self.assertTrue(out == b"" or out.endswith(b"\n"))
        answers = [json.loads(text.decode("utf-8")) for text in out.split(b"\n")[:-1]]
        for answer in answers:
            self.assertEqual(set(answer) - {"replyTo"}, {"v", "id", "ts", "type", "payload"})
            self.assertIsInstance(answer.get("replyTo", ""), str)
            self.assertRegex(answer["ts"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(len({answer["id"] for answer in answers}), len(answers))
        return code, answers

    def test_given_seed_and_clock_every_byte_is_determined(self) -> None:
        code, out, err = feed(line(HELLO) + line(invoke("text.caps", {"text": "Stra\u00dfe"})))
        prefix = hashlib.sha256(b"adapter\n" + programs.SEED.encode()).hexdigest()[:16]
        lines = out.split(b"\n")
        self.assertEqual((code, err, len(lines)), (0, b"", 4))
        ack = '{"v":"ipc.v0","id":"%s0000000000000000","ts":"2026-01-02T03:04:05.006Z","type":"hello_ack","replyTo":"hello-0001","payload":{"role":"adapter","selected":"ipc.v0"}}'
        result = '{"v":"ipc.v0","id":"%s0000000000000002","ts":"2026-01-02T03:04:05.008Z","type":"result","replyTo":"invoke-0001","payload":{"ok":true,"data":{"text":"STRASSE"}}}'
        self.assertEqual(lines[0].decode(), ack % prefix)
        self.assertEqual(lines[2].decode(), result % prefix)
        self.assertEqual(feed(line(HELLO) + line(invoke("text.caps", {"text": "Stra\u00dfe"})))[1], out)

    def test_without_a_session_ids_are_random_and_times_are_real(self) -> None:
        first, second = self.talk(BARE_HELLO)[1], self.talk(BARE_HELLO)[1]
        self.assertTrue(all(re.fullmatch("[0-9a-f]{32}", answer["id"]) for answer in first))
        self.assertNotEqual(first[0]["id"], second[0]["id"])
        self.assertGreater(first[0]["ts"], "2024")

    def test_an_unusable_seed_or_clock_is_not_honoured(self) -> None:
        for session in (None, [], {"seed": 5, "clock": "yesterday"}, {"seed": "A" * 32, "clock": "9999-12-31T23:59:60Z"}):
            with self.subTest(session=session):
                code, answers = self.talk({**HELLO, "payload": {"protocols": ["ipc.v0"], "session": session}})
                self.assertEqual((code, [answer["type"] for answer in answers]), (0, ["hello_ack", "capabilities"]))

    def test_upper_case_is_that_of_the_whole_of_unicode(self) -> None:
        for text, wanted in (("\u00e9\u00df\ufb03", "\u00c9SSFFI"), ("\u0149", "\u02bcN"), ("\u03b1\u03c2", "\u0391\u03a3"), ("", ""), ("\U00010428", "\U00010400")):
            with self.subTest(text=text):
                self.assertEqual(self.talk(HELLO, invoke("text.caps", {"text": text}), env=LOCALE_C)[1][2]["payload"]["data"], {"text": wanted})

    def test_echo_gives_the_args_back(self) -> None:
        args = {"a": [1, 1.5, None, {"b": 18446744073709551615}], "\u2028": "\u0085"}
        self.assertEqual(self.talk(HELLO, invoke("echo", args))[1][2]["payload"], {"ok": True, "data": {"args": args}})

    def test_count_streams_progress_and_several_counts_interleave(self) -> None:
        with subprocess.Popen([sys.executable, programs.path("adapter.py")], stdin=-1, stdout=-1) as child:
            child.stdin.write(line(HELLO) + line(invoke("text.count", {"n": 3}, "invoke-000a")) + line(invoke("text.count", {"n": 2.0}, "invoke-000b")))
            child.stdin.flush()
            answers = [json.loads(child.stdout.readline()) for _ in range(9)][2:]
            child.stdin.close()
            self.assertEqual(child.wait(programs.WAIT_S), 0)
        mine = [answer["payload"] for answer in answers if answer["replyTo"] == "invoke-000a"]
        self.assertEqual([(p["seq"], p["fraction"]) for p in mine[:3]], [(0, 1 / 3), (1, 2 / 3), (2, 1)])
        self.assertEqual(mine[3], {"ok": True, "data": {"n": 3}})
        self.assertEqual([a["payload"] for a in answers if a["replyTo"] == "invoke-000b"][-1], {"ok": True, "data": {"n": 2}})

    def test_a_cancel_ends_a_count_before_its_end(self) -> None:
        with subprocess.Popen([sys.executable, programs.path("adapter.py")], stdin=-1, stdout=-1) as child:
            child.stdin.write(line(HELLO) + line(invoke("text.count", {"n": 1000000})))
            child.stdin.flush()
            for _ in range(5):
                last = json.loads(child.stdout.readline())
            self.assertEqual(last["type"], "progress")
            child.stdin.write(line(message("cancel", {"reason": "timeout"}, replyTo="invoke-0001")))
            child.stdin.flush()
            while last["type"] == "progress":
                last = json.loads(child.stdout.readline())
            child.stdin.close()
            self.assertEqual((child.stdout.read(), child.wait(programs.WAIT_S)), (b"", 0))
        self.assertEqual((last["type"], last["replyTo"], last["payload"]["code"]), ("error", "invoke-0001", "ADAPTER_CANCELLED"))

    def test_end_of_stdin_ends_open_invokes_and_the_process_with_status_0(self) -> None:
        code, answers = self.talk(HELLO, invoke("text.count", {"n": 1000000}))
        self.assertEqual((code, answers[-1]["payload"]["code"]), (0, "ADAPTER_CANCELLED"))

    def test_a_line_that_is_no_envelope_is_answered_and_ends_it_with_status_2(self) -> None:
        lines = [
            b"\n", b"[]\n", b"5\n", b"null\n", b"\xff\xfe\n", b"\xef\xbb\xbf{}\n", b"{\n", b'{"a":1,"a":2}\n', b"[" * 99999 + b"\n", b"{",
            line({key: HELLO[key] for key in HELLO if key != "id"}), line({**HELLO, "id": None}), line({**HELLO, "id": "short"}),
            line({**HELLO, "replyTo": None}), line({**HELLO, "extra": 1}), line({**HELLO, "payload": []}), line({**HELLO, "ts": "now"}),
            line({**HELLO, "trace": {"x": ""}}), line({**HELLO, "type": "\ud800"}), line({**HELLO, "v": 5}),
        ]  # fmt: skip
        for bad in lines:
            with self.subTest(line=bad[:80]):
                code, answers = self.talk(bad, HELLO, env=LOCALE_C) if bad.endswith(b"\n") else self.talk(bad, env=LOCALE_C)
                self.assertEqual((code, [answer["payload"].get("code") for answer in answers]), (2, ["IPC_BAD_ENVELOPE"]))
                self.assertNotIn("replyTo", answers[0])

    def test_a_line_over_the_limit_is_refused_before_it_ends(self) -> None:
        for data in (b"x" * (17 << 20), b"y" * ((16 << 20) + 1) + b"\n"):
            code, answers = self.talk(HELLO, data)
            self.assertEqual((code, answers[2]["payload"]["code"], len(answers)), (2, "IPC_LINE_TOO_LONG", 3))

    def test_a_line_just_inside_the_limit_is_read(self) -> None:
        hello = json.dumps(HELLO).encode()
        code, answers = self.talk(hello + b" " * ((16 << 20) - len(hello)) + b"\n")
        self.assertEqual((code, [answer["type"] for answer in answers]), (0, ["hello_ack", "capabilities"]))

    def test_an_answer_over_the_limit_becomes_an_error(self) -> None:
        code, answers = self.talk(HELLO, json.dumps(invoke("text.caps", {"text": "\u0390" * 3_000_000}), ensure_ascii=False).encode() + b"\n")
        self.assertEqual((code, answers[2]["payload"]["code"], len(answers)), (0, "ADAPTER_RESULT_TOO_LONG", 3))

    def test_another_protocol_is_refused_with_status_2(self) -> None:
        for hello in ({**HELLO, "v": "ipc.v1"}, {**HELLO, "payload": {"protocols": ["ipc.v9"]}}, {**HELLO, "payload": {}}):
            with self.subTest(hello=hello):
                code, answers = self.talk(hello, HELLO)
                self.assertEqual((code, [answer["payload"]["code"] for answer in answers]), (2, ["IPC_PROTO_MISMATCH"]))

    def test_wrong_order_is_ipc_state_and_it_goes_on(self) -> None:
        code, answers = self.talk(invoke("echo", {}), HELLO, {**HELLO, "id": "hello-0002"}, invoke("echo", {}, "invoke-0002"))
        self.assertEqual([answer["type"] for answer in answers], ["error", "hello_ack", "capabilities", "error", "result"])
        self.assertEqual([(a["payload"]["code"], a["replyTo"]) for a in answers if a["type"] == "error"], [("IPC_STATE", "invoke-0001"), ("IPC_STATE", "hello-0002")])

    def test_a_reused_id_is_a_bad_envelope(self) -> None:
        code, answers = self.talk(HELLO, invoke("echo", {}), invoke("echo", {}))
        self.assertEqual((code, answers[-1]["payload"]["code"], "replyTo" in answers[-1]), (2, "IPC_BAD_ENVELOPE", False))

    def test_bad_input_and_unknown_operations_are_errors_of_the_invoke(self) -> None:
        cases = [
            ("text.caps", {}, "ADAPTER_BAD_INPUT"), ("text.caps", {"text": 5}, "ADAPTER_BAD_INPUT"), ("text.count", {"n": True}, "ADAPTER_BAD_INPUT"),
            ("text.count", {"n": -1}, "ADAPTER_BAD_INPUT"), ("text.count", {"n": 1e300}, "ADAPTER_BAD_INPUT"), ("text.count", {"n": 1.5}, "ADAPTER_BAD_INPUT"),
            ("nope", {}, "ADAPTER_NO_SUCH_OP"), ("echo", [], "ADAPTER_BAD_INPUT"), (5, {}, "ADAPTER_BAD_INPUT"),
        ]  # fmt: skip
        for op, args, wanted in cases:
            with self.subTest(op=op, args=args):
                code, answers = self.talk(HELLO, invoke(op, args))
                self.assertEqual((code, answers[2]["payload"]["code"], answers[2]["replyTo"]), (0, wanted, "invoke-0001"))
        self.assertEqual(self.talk(HELLO, invoke("nope", {}))[1][2]["payload"]["details"], {"op": "nope"})

    def test_cr_missing_lf_and_unknown_types_are_accepted(self) -> None:
        code, answers = self.talk(json.dumps(HELLO).encode() + b"\r\n", message("later", {}), json.dumps(invoke("echo", {})).encode())
        self.assertEqual((code, [answer["type"] for answer in answers]), (0, ["hello_ack", "capabilities", "result"]))

    def test_more_than_64_open_invokes_are_refused(self) -> None:
        answers = self.talk(HELLO, *(invoke("text.count", {"n": 1000000}, f"invoke-{i:04}") for i in range(65)))[1]
        self.assertEqual([a["replyTo"] for a in answers if a["payload"].get("code") == "IPC_STATE"], ["invoke-0064"])


if __name__ == "__main__":
    unittest.main()
