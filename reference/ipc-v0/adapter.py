#!/usr/bin/env python3
"""A reference adapter for IPC v0: text.caps, text.count and echo. Python 3.9+, standard library only.

The rules are those of docs/ipc-v0.md; R numbers in comments point there. A small main loop reads lines, answers them, and
moves every open `text.count` one step at a time, so that a `cancel` is seen between two progress messages.
"""
from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import re
import select
import signal
import sys
import uuid
from typing import Any, Generator, Optional

PROTOCOL = "ipc.v0"
MAX_LINE_BYTES = 16 << 20  # R3
MAX_DEPTH = 128  # R4
MAX_IDS = 65_536  # R8
MAX_OPEN = 64  # R25
MAX_COUNT = 1_000_000  # our own bound for text.count
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-](?:[01]\d|2[0-3]):[0-5]\d))",
    re.ASCII,
)
SEED = re.compile(r"[0-9a-f]{32}")
EMPTY_OBJECT = {"type": "object"}
CAPABILITIES = [
    {
        "name": "text.caps",
        "inputSchema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "outputSchema": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
        "timeouts": {"defaultMs": 10_000},
        "sideEffects": "none",
    },
    {
        "name": "text.count",
        "inputSchema": {
            "type": "object",
            "required": ["n"],
            "properties": {"n": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT}},
        },
        "outputSchema": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}},
        "timeouts": {"defaultMs": 60_000},
        "sideEffects": "none",
    },
    {"name": "echo", "inputSchema": EMPTY_OBJECT, "outputSchema": EMPTY_OBJECT, "sideEffects": "none"},
]


class Fault(Exception):
    """Something to be answered with an `error` message."""

    def __init__(self, code: str, message: str, details: Optional[dict] = None) -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details


def bad(message: str) -> Fault:
    return Fault("IPC_BAD_ENVELOPE", message)


# --- Reading (R1 to R8) ---


def nesting(text: bytes) -> int:
    """The deepest nesting; without escapes, every second piece between quotes lies outside a string."""
    outside = b"".join(text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    level = deepest = 0
    for bracket in outside.translate(None, NOT_BRACKETS):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def unique_members(items: list) -> dict:
    members = dict(items)
    if len(members) != len(items):
        raise bad("a key stands twice in one object")
    return members


def integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        raise bad("an integer outside -2^63 .. 2^64-1")
    return int(text)


def double(text: str) -> float:
    if math.isinf(float(text)):
        raise bad("a number that overflows a double")
    return float(text)


def no_constant(name: str) -> None:
    raise bad(f"{name} is not JSON")


def read_json(line: bytes) -> Any:
    """The value of one line, by the strict rules of R4."""
    if nesting(line) > MAX_DEPTH:
        raise bad(f"nested deeper than {MAX_DEPTH}")
    try:
        value = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=unique_members,
            parse_int=integer,
            parse_float=double,
            parse_constant=no_constant,
        )
        if b"\\u" in line:  # only an escape can bring a lone surrogate
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise bad("invalid UTF-8 or a lone surrogate") from None
    except ValueError as error:
        raise bad(f"not JSON: {error}") from None
    return value


def rfc3339_ms(text: Any) -> Optional[int]:
    """Milliseconds since 1970 of an RFC 3339 date-time, or None when it is none."""
    match = RFC3339.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        since = datetime.datetime.fromisoformat(f"{match[1]}T{match[2]}:00{match[5] or '+00:00'}") - EPOCH
    except ValueError:  # no such day
        return None
    minutes = since // datetime.timedelta(minutes=1)
    if match[3] == "60" and minutes % 1440 != 1439:  # a leap second is the last one of a day
        return None
    return minutes * 60_000 + int(match[3]) * 1000 + int((match[4] or "").ljust(3, "0")[:3])


def is_text(value: Any, shortest: int, longest: int = 128) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= longest


def read_envelope(line: bytes) -> dict:
    message = read_json(line)
    if not isinstance(message, dict):
        raise bad("a line must be a JSON object")
    known = {"v", "id", "ts", "type", "payload", "replyTo", "trace"}
    trace = message.get("trace", {})
    if not known - {"replyTo", "trace"} <= set(message) <= known:
        raise bad("a member of the envelope is missing or unknown")
    if not (isinstance(message["v"], str) and is_text(message["id"], 8) and is_text(message["type"], 1)):
        raise bad("v, id or type breaks its rule")
    if rfc3339_ms(message["ts"]) is None:
        raise bad("ts is not an RFC 3339 date-time")
    if "replyTo" in message and not is_text(message["replyTo"], 8):
        raise bad("replyTo must have 8 to 128 characters")
    if not isinstance(trace, dict) or not set(trace) <= {"traceId", "spanId", "parentSpanId"}:
        raise bad("trace breaks its rule")
    if not all(isinstance(part, str) for part in trace.values()) or not isinstance(message["payload"], dict):
        raise bad("trace holds strings, payload is an object")
    if message["v"] != PROTOCOL:  # R7
        raise Fault("IPC_PROTO_MISMATCH", f"this adapter speaks {PROTOCOL}", {"got": message["v"][:128]})
    return message


# --- Operations ---

Steps = Generator[dict, None, dict]  # yields progress payloads, returns the data

def text_caps(args: dict) -> Steps:
    if not isinstance(args.get("text"), str):
        raise Fault("ADAPTER_BAD_INPUT", "text must be a string")
    return {"text": args["text"].upper()}
    yield {}  # makes this a generator: no progress here


def text_count(args: dict) -> Steps:
    n = args.get("n")
    if isinstance(n, bool) or not isinstance(n, (int, float)) or n != int(n) or not 0 <= n <= MAX_COUNT:
        raise Fault("ADAPTER_BAD_INPUT", f"n must be a whole number from 0 to {MAX_COUNT}")
    for seq in range(int(n)):
        yield {"seq": seq, "fraction": (seq + 1) / int(n)}  # R24
    return {"n": int(n)}


def echo(args: dict) -> Steps:
    return {"args": args}
    yield {}


OPERATIONS = {"text.caps": text_caps, "text.count": text_count, "echo": echo}


class Adapter:
    """The adapter's side of one session. An operation yields progress payloads and returns its data."""

    def __init__(self, out: Any) -> None:
        self.out = out
        self.number = 0
        self.seed: Optional[str] = None
        self.clock_ms: Optional[int] = None
        self.greeted = False
        self.open: dict[str, Steps] = {}
        self.ids: dict[str, None] = {}

    def send(self, kind: str, payload: dict, reply_to: Optional[str] = None) -> None:
        """Writes one line; ids and times as R50 and R51 say when the runner gave a seed and a clock."""
        identity, now = uuid.uuid4().hex, datetime.datetime.now(datetime.timezone.utc)
        if self.seed is not None:
            identity = hashlib.sha256(f"adapter\n{self.seed}".encode()).hexdigest()[:16] + f"{self.number:016x}"
        if self.clock_ms is not None:
            now = EPOCH + datetime.timedelta(milliseconds=self.clock_ms + self.number)
        ts = now.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        message: dict[str, Any] = {"v": PROTOCOL, "id": identity, "ts": ts, "type": kind}
        if reply_to is not None:
            message["replyTo"] = reply_to
        message["payload"] = payload
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        if len(line) > MAX_LINE_BYTES:  # R3 binds both sides
            return self.error(Fault("ADAPTER_RESULT_TOO_LONG", "the answer does not fit into one line"), reply_to)
        self.number += 1
        self.out.write(line + b"\n")
        self.out.flush()

    def error(self, fault: Fault, reply_to: Optional[str] = None) -> None:
        payload: dict[str, Any] = {"code": fault.code, "message": fault.message, "retryable": False}
        if fault.details is not None:
            payload["details"] = fault.details
        self.send("error", payload, reply_to)

    def receive(self, line: bytes) -> None:
        """One line from the runner. What is no envelope, or not our protocol, ends the session (R15, R17)."""
        try:
            if len(line) > MAX_LINE_BYTES:  # R3
                raise Fault("IPC_LINE_TOO_LONG", f"a line over {MAX_LINE_BYTES} bytes")
            message = read_envelope(line[:-1] if line.endswith(b"\r") else line)  # R2
            if message["id"] in self.ids or message["id"] in self.open:  # R8
                raise bad("this id was used before")
            self.ids[message["id"]] = None
            if len(self.ids) > MAX_IDS:
                del self.ids[next(iter(self.ids))]
        except Fault as fault:
            self.error(fault)
            raise SystemExit(2) from None
        try:
            handler = {"hello": self.hello, "invoke": self.invoke, "cancel": self.cancel}.get(message["type"])
            if handler is not None:  # R27: any other type is ignored; R13: no need to wait for capabilities_ack
                handler(message)
        except Fault as fault:
            self.error(fault, message["id"])
            if fault.code == "IPC_PROTO_MISMATCH":
                raise SystemExit(2) from None

    def hello(self, message: dict) -> None:
        payload, session = message["payload"], message["payload"].get("session")
        if self.greeted:
            raise Fault("IPC_STATE", "hello came twice")
        protocols = payload.get("protocols")
        if not isinstance(protocols, list) or PROTOCOL not in protocols:
            raise Fault("IPC_PROTO_MISMATCH", f"this adapter speaks {PROTOCOL}")  # R15
        self.greeted = True
        if isinstance(session, dict):
            seed, clock_ms = session.get("seed"), rfc3339_ms(session.get("clock"))
            self.seed = seed if isinstance(seed, str) and SEED.fullmatch(seed) else None
            if clock_ms is not None and abs(clock_ms) < 250_000_000_000_000:  # room below year 9999
                self.clock_ms = max(clock_ms, -62_135_596_800_000)
        self.send("hello_ack", {"role": "adapter", "selected": PROTOCOL}, message["id"])
        self.send("capabilities", {"adapter": {"name": "reference", "version": "0.1.0"}, "capabilities": CAPABILITIES})

    def invoke(self, message: dict) -> None:
        if not self.greeted:  # R16
            raise Fault("IPC_STATE", "invoke came before hello")
        op, args = message["payload"].get("op"), message["payload"].get("args")
        if not isinstance(op, str) or not isinstance(args, dict):
            raise Fault("ADAPTER_BAD_INPUT", "invoke needs op (a string) and args (an object)")
        if op not in OPERATIONS:
            raise Fault("ADAPTER_NO_SUCH_OP", "no such operation", {"op": op})
        if len(self.open) >= MAX_OPEN:
            raise Fault("IPC_STATE", f"more than {MAX_OPEN} invokes are open")
        self.open[message["id"]] = OPERATIONS[op](args)

    def cancel(self, message: dict) -> None:
        """R26. A cancel for something that has ended is no fault: the two crossed each other."""
        if self.open.pop(message.get("replyTo", ""), None) is not None:
            self.error(Fault("ADAPTER_CANCELLED", "cancelled by the runner"), message["replyTo"])

    def advance(self) -> None:
        """Moves every open invoke one step: a progress message, or its one end (R21)."""
        for invoke_id, steps in list(self.open.items()):
            try:
                self.send("progress", next(steps), invoke_id)
                continue
            except StopIteration as done:
                self.send("result", {"ok": True, "data": done.value}, invoke_id)
            except Fault as fault:
                self.error(fault, invoke_id)
            del self.open[invoke_id]

    def serve(self, source: int) -> None:
        buffer = bytearray()
        while True:
            if self.open and not select.select([source], [], [], 0)[0]:
                self.advance()
                continue
            data = os.read(source, 1 << 16)
            buffer += data
            if b"\n" in data:  # R1: only LF ends a line
                *lines, rest = bytes(buffer).split(b"\n")
                buffer = bytearray(rest)
                for line in lines:
                    self.receive(line)
            if buffer and (not data or len(buffer) > MAX_LINE_BYTES):  # R2: a complete object without LF; R3
                self.receive(bytes(buffer))
            self.advance()
            if not data:
                break
        for invoke_id in list(self.open):  # R21 and R40: at end of stdin every open invoke still gets its end
            self.error(Fault("ADAPTER_CANCELLED", "stdin was closed"), invoke_id)


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    out = os.fdopen(os.dup(1), "wb")  # stdout is private: a stray print goes to stderr
    os.dup2(2, 1)
    try:
        Adapter(out).serve(0)
    except BrokenPipeError:
        os._exit(1)  # nobody reads; no traceback, no second attempt at the flush
    return 0


if __name__ == "__main__":
    sys.exit(main())
