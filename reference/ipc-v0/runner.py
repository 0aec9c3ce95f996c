#!/usr/bin/env python3
"""A reference runner for IPC v0. Python 3.9+, standard library only, Linux. It has NO sandbox, and its receipts say so.

The rules are those of docs/ipc-v0.md (R numbers) and docs/receipts.md. It sends one invoke after the other, grants no
secrets, and does not check inputSchema or outputSchema.
"""
from __future__ import annotations

import argparse
import datetime
import fcntl
import hashlib
import json
import math
import os
import platform
import re
import resource
import selectors
import shlex
import shutil
import signal
import struct
import subprocess
import sys
import time
from typing import Any, Callable, Optional

PROTOCOL, VERSION = "ipc.v0", "0.1.0"
MAX_LINE_BYTES, MAX_DEPTH, MAX_IDS = 16 << 20, 128, 65_536  # R3, R4, R8
CANCEL_GRACE_S, EXIT_S, TERM_S, DRAIN_S = 1.0, 2.0, 1.0, 1.0  # R31, R41
STDERR_TAIL_BYTES = 64 << 10
TRANSCRIPT, WIRE, RECEIPT = "ipc-transcript.ndjson", "ipc-wire.ndjson", "run-receipt.json"
OURS = {TRANSCRIPT, WIRE, RECEIPT, "denied-receipt.json", ".part"}
EXIT_BY_STATUS = {"satisfied": 0, "violated": 1, "failed": 4, "timed-out": 5}
EXIT_BY_CODE = {"CONTRACT_OP_NOT_OFFERED": 2, "CONTRACT_INTERRUPTED": 130, "CONTRACT_TERMINATED": 143}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INHERITED = {  # no limit is set here: these are the ones that the adapter inherits, 2^64 - 1 where there is none
    "memoryBytes": resource.RLIMIT_DATA,
    "fileSizeBytes": resource.RLIMIT_FSIZE,
    "openFiles": resource.RLIMIT_NOFILE,
    "cpuSeconds": resource.RLIMIT_CPU,
    "processes": resource.RLIMIT_NPROC,
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-](?:[01]\d|2[0-3]):[0-5]\d))",
    re.ASCII,
)


class Usage(Exception):
    """The command line cannot be carried out; nothing was started."""


class Fault(Exception):
    """What ends the run before its time. `status` is failed, timed-out or cancelled."""

    def __init__(self, code: str, message: str, status: str = "failed", **more: Any) -> None:
        super().__init__(message)
        self.status, self.error = status, {"code": code, "message": message, **more}


def bad(message: str) -> Fault:
    return Fault("IPC_BAD_ENVELOPE", message)


# --- Reading (R1 to R8) ---


def nesting(text: bytes) -> int:
    """The deepest nesting; without escapes, every second piece between quotes lies outside a string."""
    outside = b"".join(text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    level = deepest = 0
    for bracket in re.findall(rb"[\[\]{}]", outside):
        level += 1 if bracket in b"[{" else -1
        deepest = max(deepest, level)
    return deepest


def unique_members(items: list) -> dict:
    members = dict(items)
    if len(members) != len(items):
        raise bad("a key stands twice in one object")
    return members


def number(text: str) -> Any:
    """An integer of 64 bits, or a double; NaN and Infinity come here, too, and are refused."""
    whole = re.fullmatch(r"-?\d+", text)
    if whole and len(text) <= 20 and -(2**63) <= int(text) < 2**64:
        return int(text)
    if whole or not math.isfinite(float(text)):
        raise bad(f"the number {text[:40]} is out of range")
    return float(text)


def read_json(text: bytes) -> Any:
    """The value of a JSON text, by the strict rules of R4."""
    if nesting(text) > MAX_DEPTH:
        raise bad(f"nested deeper than {MAX_DEPTH}")
    hooks = {"parse_int": number, "parse_float": number, "parse_constant": number}
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=unique_members, **hooks)
        if b"\\u" in text:  # only an escape can bring a lone surrogate
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


Check = Callable[[Any], Any]
is_text: Check = lambda v: isinstance(v, str)
is_object: Check = lambda v: isinstance(v, dict)
is_list: Check = lambda v: isinstance(v, list)
is_flag: Check = lambda v: isinstance(v, bool)
is_id: Check = lambda v: is_text(v) and 8 <= len(v) <= 128
is_number: Check = lambda v: isinstance(v, (int, float)) and not is_flag(v)
is_whole: Check = lambda v: is_number(v) and v == int(v)  # 1.0 counts: its canonical form is 1
is_schema: Check = lambda v: is_object(v) or is_text(v)
is_effect: Check = lambda v: v in ("none", "filesystem", "network", "mutable_state")
is_code: Check = lambda v: is_text(v) and len(v) <= 128 and re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", v)
# Members and their rules; `name?` may be absent.
ENVELOPE: dict[str, Check] = {
    "v": is_text,
    "id": is_id,
    "ts": lambda v: rfc3339_ms(v) is not None,
    "type": lambda v: is_text(v) and 1 <= len(v) <= 128,
    "payload": is_object,
    "replyTo?": is_id,
    "trace?": lambda v: is_object(v) and set(v) <= {"traceId", "spanId", "parentSpanId"} and all(map(is_text, v.values())),
}
NAMES: dict[str, Check] = {"name": is_text, "version": is_text}
CAPABILITY: dict[str, Check] = {
    "name": is_text,
    "inputSchema?": is_schema,
    "outputSchema?": is_schema,
    "timeouts?": lambda v: is_object(v) and is_whole(v.get("defaultMs", 0)) and v.get("defaultMs", 0) >= 0,
    "sideEffects?": lambda v: all(map(is_effect, v)) if is_list(v) else is_effect(v),
}
# What an adapter may send. Payload members that are not named here are left alone.
FROM_ADAPTER: dict[str, dict[str, Check]] = {
    "hello_ack": {"selected": is_text, "role?": lambda v: v == "adapter"},  # R11
    "capabilities": {"adapter": is_object, "capabilities": lambda v: is_list(v) and all(map(is_object, v))},  # R12
    "progress": {"seq": lambda v: is_whole(v) and v >= 0, "fraction?": lambda v: is_number(v) and 0 <= v <= 1, "message?": is_text},
    "result": {"ok": is_flag, "data?": is_object},  # R22
    "error": {"code": is_code, "message": is_text, "retryable?": is_flag},  # R23
}


def check_members(what: str, value: dict, rules: dict[str, Check]) -> None:
    for name, rule in rules.items():
        key = name.rstrip("?")
        if not rule(value[key]) if key in value else key == name:
            raise bad(f"{key} of {what} is missing or breaks its rule")


def read_envelope(line: bytes) -> dict:
    message = read_json(line)
    if not is_object(message):
        raise bad("a line must be a JSON object")
    if not set(message) <= {name.rstrip("?") for name in ENVELOPE}:  # R6
        raise bad("an unknown member in the envelope")
    check_members("the envelope", message, ENVELOPE)
    if message["v"] != PROTOCOL:  # R7
        raise Fault("IPC_PROTO_MISMATCH", f"the adapter speaks {message['v'][:128]!r}, not {PROTOCOL}")
    return message


# --- Canonical JSON (RFC 8785) and digests ---


def canonical_number(value: Any) -> str:
    """As ECMAScript prints a double; an integer digit by digit."""
    if isinstance(value, int) or value == 0:
        return str(int(value))
    mantissa, _, exponent = repr(abs(value)).partition("e")
    before, _, after = mantissa.partition(".")
    digits = (before + after).lstrip("0")
    point = len(digits) - len(after) + int(exponent or 0)  # the value is 0.DIGITS times 10 to the power of point
    digits = digits.rstrip("0")
    if not -6 < point <= 21:
        text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    elif point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits.ljust(point, "0")[:point] + ("." + digits[point:] if digits[point:] else "")
    return ("-" if value < 0 else "") + text


def canonical_text(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical_text(name) + ":" + canonical_text(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical_text, value)) + "]"
    return canonical_number(value) if is_number(value) else json.dumps(value, ensure_ascii=False)


def canonical(value: Any) -> bytes:
    return canonical_text(value).encode("utf-8")


def has_wide_integer(value: Any) -> bool:
    """Whether the canonical form shows an integer outside +-(2^53 - 1); a double below 1e21 is shown as one, too."""
    if isinstance(value, (dict, list)):
        return any(map(has_wide_integer, value.values() if isinstance(value, dict) else value))
    return is_number(value) and 2**53 - 1 < abs(value) < 1e21


IV = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
CHUNK_START, CHUNK_END, PARENT, ROOT = 1, 2, 4, 8


def compress(cv: Any, words: Any, counter: int, length: int, flags: int) -> list[int]:
    s, mask = [*cv, *IV[:4], counter & 0xFFFFFFFF, counter >> 32, length, flags], 0xFFFFFFFF
    for _ in range(7):
        for (a, b, c, d), first, second in zip(COLUMNS + DIAGONALS, words[::2], words[1::2]):
            for word, d_turn, b_turn in ((first, 16, 12), (second, 8, 7)):
                s[a] = (s[a] + s[b] + word) & mask
                x = s[d] ^ s[a]
                s[d] = (x >> d_turn | x << (32 - d_turn)) & mask
                s[c] = (s[c] + s[d]) & mask
                x = s[b] ^ s[c]
                s[b] = (x >> b_turn | x << (32 - b_turn)) & mask
        words = [words[i] for i in PERMUTATION]
    return [s[i] ^ s[i + 8] for i in range(8)]


def subtree(data: bytes, chunk: int) -> tuple:
    """The arguments of the last compression of a BLAKE3 subtree whose first chunk has this number."""
    if len(data) > 1024:
        left = 1024 << (((len(data) - 1) // 1024).bit_length() - 1)
        children = compress(*subtree(data[:left], chunk)) + compress(*subtree(data[left:], chunk + left // 1024))
        return IV, children, 0, 64, PARENT
    cv: Any = IV
    for start in range(0, max(len(data), 1), 64):
        block, last = data[start : start + 64], start + 64 >= len(data)
        flags = (CHUNK_START if start == 0 else 0) | (CHUNK_END if last else 0)
        arguments = (cv, struct.unpack("<16I", block.ljust(64, b"\0")), chunk, len(block), flags)
        if not last:
            cv = compress(*arguments)
    return arguments


def digest(data: bytes) -> dict:
    """BLAKE3 (hash mode) and SHA-256."""
    cv, words, counter, length, flags = subtree(data, 0)
    root = compress(cv, words, counter, length, flags | ROOT)
    return {"blake3": struct.pack("<8I", *root).hex(), "sha256": hashlib.sha256(data).hexdigest()}


def file_digest(data: bytes) -> dict:
    return {**digest(data), "bytes": len(data), "lines": data.count(b"\n")}


# --- One session ---


def derived_id(purpose: str, seed: str, n: int) -> str:  # R50
    return hashlib.sha256(f"{purpose}\n{seed}".encode()).hexdigest()[:16] + f"{n:016x}"


def timestamp(ms: int) -> str:
    return (EPOCH + datetime.timedelta(milliseconds=ms)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def after(seconds: float) -> Callable[[], float]:
    end = time.monotonic() + seconds
    return lambda: end


class Session:
    """One adapter process. One loop (`pump`) owns its pipes, its exit and every deadline."""

    def __init__(self, plan: argparse.Namespace) -> None:
        self.plan = plan
        session_id = hashlib.sha256(f"session\n{plan.seed}".encode()).hexdigest()[:32]  # R52
        self.identity = {"id": session_id, "seed": plan.seed, "clock": timestamp(plan.clock_ms)}
        self.handshake: list[dict] = []
        self.calls: list[list[dict]] = []  # per invoke: itself, its progress and cancel, its end
        self.stray: list[dict] = []  # an error that ends the run, not an invoke
        self.wire: list[dict] = []
        self.counters = dict.fromkeys(("crBeforeLf", "missingLf", "unknownTypes", "lateEnds", "afterTheRun", "stderrBytes"), 0)
        self.fault: Optional[Fault] = None
        self.child: Any = None  # a subprocess.Popen once it runs
        self.ended_by: Optional[str] = None
        self.next_seq: Optional[int] = None
        self.unsent, self.received, self.stderr = bytearray(), bytearray(), bytearray()
        self.ids: dict[str, None] = {}
        self.sent, self.heard_at = 0, 0.0
        self.is_open = self.eof = self.exited = self.closing = False

    def run(self) -> None:
        self.started = time.monotonic()
        pipe, clean = subprocess.PIPE, {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        options = {"stdin": pipe, "stdout": pipe, "stderr": pipe, "bufsize": 0, "env": clean, "start_new_session": True}
        try:
            self.child = subprocess.Popen(self.plan.argv, **options)
        except OSError as error:
            self.fault = Fault("ADAPTER_SPAWN_FAILED", f"{self.plan.argv[0]}: {error.strerror}")
            return
        self.pidfd = os.pidfd_open(self.child.pid)
        self.selector = selectors.DefaultSelector()
        for source, action in ((self.child.stdout, self.on_stdout), (self.child.stderr, self.on_stderr), (self.pidfd, self.on_exit)):
            self.selector.register(source, selectors.EVENT_READ, action)
        os.set_blocking(self.child.stdin.fileno(), False)
        try:
            self.greet()
            for _ in range(self.plan.repeat):
                self.invoke()
        except Fault as fault:
            self.fault = fault
        self.shut_down()

    def greet(self) -> None:
        op, deadline = self.plan.op, self.started + self.plan.handshake_ms / 1000
        hello = {"role": "runner", "protocols": [PROTOCOL], "requestedCapabilities": [op], "session": self.identity}
        self.handshake.append(self.send("hello", hello))
        if not self.until(lambda: len(self.handshake) == 3, lambda: deadline):
            raise Fault("IPC_TIMEOUT", "no capabilities within the handshake deadline", "timed-out")
        capabilities = self.handshake[2]
        offered = [record for record in capabilities["payload"]["capabilities"] if record["name"] == op]
        if not offered:  # R20
            raise Fault("CONTRACT_OP_NOT_OFFERED", f"the adapter does not offer {op}")
        hint = int(offered[0].get("timeouts", {}).get("defaultMs", 0))
        self.total_ms = min(self.plan.timeout_ms, hint or self.plan.timeout_ms)  # R30
        self.handshake.append(self.send("capabilities_ack", {"accepted": [op]}, capabilities["id"]))

    def invoke(self) -> None:
        call = [self.send("invoke", {"op": self.plan.op, "args": self.plan.args, "timeoutMs": self.total_ms})]
        self.calls.append(call)
        self.is_open, self.next_seq, self.heard_at = True, None, time.monotonic()
        total = self.heard_at + self.total_ms / 1000
        if self.until(lambda: not self.is_open, lambda: min(total, self.heard_at + self.plan.idle_ms / 1000)):
            return
        call.append(self.send("cancel", {"reason": "timeout"}, call[0]["id"]))  # R31
        try:
            self.until(lambda: not self.is_open, after(CANCEL_GRACE_S))
        except Fault:
            pass  # the run has timed out, whatever else goes wrong now
        raise Fault("IPC_TIMEOUT", "the deadline of an invoke has passed", "timed-out")

    def shut_down(self) -> None:  # R40, R41
        self.closing = True
        for signum in SIGNALS:
            signal.signal(signum, signal.SIG_IGN)
        if self.unsent:
            self.selector.unregister(self.child.stdin)
        self.child.stdin.close()
        self.pump(lambda: self.exited, after(EXIT_S))
        for signum, seconds in ((signal.SIGTERM, TERM_S), (signal.SIGKILL, math.inf)):
            if not self.exited:
                self.ended_by = signum.name
                os.killpg(self.child.pid, signum)
                self.pump(lambda: self.exited, after(seconds))
        try:  # what it left behind; the child is not reaped yet, so the number of its group is still its own
            os.killpg(self.child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.pump(lambda: self.eof, after(DRAIN_S))
        self.child.wait()

    def pump(self, done: Callable[[], Any], deadline: Callable[[], float]) -> bool:
        """Moves bytes until done (True) or until the deadline has passed (False)."""
        while not done():
            left = deadline() - time.monotonic()
            if left <= 0:
                return False
            for key, _ in self.selector.select(min(left, 60)):
                key.data()
        return True

    def until(self, done: Callable[[], Any], deadline: Callable[[], float]) -> bool:
        """`pump`, but raises when the adapter is gone before it is done (R42)."""
        self.pump(lambda: done() or self.eof or self.exited, deadline)
        if self.exited:
            self.pump(lambda: done() or self.eof, after(DRAIN_S))  # a process that it left behind may hold stdout open
        if done() or not self.eof and not self.exited:
            return bool(done())
        self.pump(lambda: self.exited, after(CANCEL_GRACE_S))  # the exit comes shortly after the end of stdout, if it comes
        if not self.exited:
            raise Fault("ADAPTER_CLOSED_STDOUT", "the adapter closed its stdout before the last end")
        status = os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        if status.si_code == os.CLD_EXITED:
            raise Fault("ADAPTER_EXITED", f"the adapter exited with status {status.si_status} before the last end")
        raise Fault("ADAPTER_KILLED", f"signal {status.si_status} ended the adapter before the last end")

    def send(self, kind: str, payload: dict, reply_to: Optional[str] = None) -> dict:
        n, self.sent = self.sent, self.sent + 1
        message: dict[str, Any] = {"v": PROTOCOL, "id": derived_id("runner", self.plan.seed, n), "ts": timestamp(self.plan.clock_ms + n)}
        message.update({"type": kind, "payload": payload}, **({} if reply_to is None else {"replyTo": reply_to}))
        line = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        self.log("out", line)
        if not self.unsent:
            self.selector.register(self.child.stdin, selectors.EVENT_WRITE, self.on_writable)
        self.unsent += line + b"\n"
        return message

    def on_writable(self) -> None:
        try:
            del self.unsent[: os.write(self.child.stdin.fileno(), self.unsent[: 1 << 16])]
        except BrokenPipeError:  # the end of stdout, the exit or a deadline will tell
            self.unsent.clear()
        if not self.unsent:
            self.selector.unregister(self.child.stdin)

    def on_exit(self) -> None:
        self.exited = True
        self.selector.unregister(self.pidfd)

    def on_stderr(self) -> None:
        data = os.read(self.child.stderr.fileno(), 1 << 16)
        self.counters["stderrBytes"] += len(data)
        self.stderr = (self.stderr + data)[-STDERR_TAIL_BYTES:]
        if not data:
            self.selector.unregister(self.child.stderr)

    def on_stdout(self) -> None:
        data, lines = os.read(self.child.stdout.fileno(), 1 << 16), []
        self.received += data
        if b"\n" in data:  # R1: only LF ends a line
            *lines, rest = bytes(self.received).split(b"\n")
            self.received = bytearray(rest)
        if not data:
            self.eof = True
            self.selector.unregister(self.child.stdout)
            self.counters["missingLf"] += bool(self.received)  # R2
        if self.received and (self.eof or len(self.received) > MAX_LINE_BYTES):  # R3: the rest is not kept
            lines, self.received = [*lines, bytes(self.received)], bytearray()
        for line, record in [(line, self.log("in", line)) for line in lines]:
            self.on_line(line, record)

    def log(self, direction: str, line: bytes) -> dict:
        keep = line if self.plan.keep_wire and len(line) <= MAX_LINE_BYTES else line[:4096]
        at_us = int((time.monotonic() - self.started) * 1e6)
        self.wire.append({"at_us": at_us, "bytes": len(line), "dir": direction, "text": keep.decode("utf-8", "replace")})
        return self.wire[-1]

    def on_line(self, line: bytes, record: dict) -> None:
        try:
            if len(line) > MAX_LINE_BYTES:
                raise Fault("IPC_LINE_TOO_LONG", f"a line over {MAX_LINE_BYTES} bytes")
            self.counters["crBeforeLf"] += line.endswith(b"\r")  # R2
            message = read_envelope(line[:-1] if line.endswith(b"\r") else line)
            if message["id"] in self.ids:  # R8
                raise bad("this id was used before")
            self.ids[message["id"]] = None
            if len(self.ids) > MAX_IDS:
                del self.ids[next(iter(self.ids))]
            if self.fault is None:
                self.on_message(message)
            else:  # R26: a late end is counted
                self.counters["lateEnds" if message["type"] in ("result", "error") else "afterTheRun"] += 1
                record["note"] = "late"
        except Fault as fault:
            if self.fault is not None:
                self.counters["afterTheRun"] += 1
                return
            record["note"], fault.error["lastFrame"] = "refused", line[:200].decode("utf-8", "replace")
            if not self.closing:
                raise
            self.fault = fault  # R40: messages that break a rule still count

    def on_message(self, message: dict) -> None:
        kind, payload, reply_to = message["type"], message["payload"], message.get("replyTo")
        if kind in ("hello", "capabilities_ack", "invoke", "cancel"):
            raise Fault("IPC_STATE", f"{kind} is for runners to send")
        if kind not in FROM_ADAPTER:  # R27
            self.counters["unknownTypes"] += 1
            return
        check_members(kind, payload, FROM_ADAPTER[kind])
        if kind in ("hello_ack", "capabilities"):
            self.on_handshake(kind, message)
        elif kind == "error" and (reply_to is None or len(self.handshake) < 3):
            self.stray.append(message)
            if self.is_open:  # R21
                cause = f"{payload['code']}: {payload['message']}"
                raise Fault("IPC_STATE", "an error without replyTo while an invoke is open", cause=cause)
            raise Fault(payload["code"], payload["message"])  # R14
        elif not self.is_open or reply_to != self.calls[-1][0]["id"]:
            raise Fault("IPC_STATE", f"{kind} with replyTo {reply_to}, which is no open invoke")
        elif kind == "progress" and self.next_seq not in (None, payload["seq"]):  # R24
            raise Fault("IPC_STATE", f"progress {payload['seq']} came instead of {self.next_seq}")
        elif kind == "result" and payload["ok"] and "data" not in payload:  # R22
            raise bad("a result with ok true needs data")
        else:
            self.calls[-1].append(message)
            self.is_open, self.heard_at = kind == "progress", time.monotonic()
            self.next_seq = payload["seq"] + 1 if self.is_open else None

    def on_handshake(self, kind: str, message: dict) -> None:
        payload, reply_to = message["payload"], message.get("replyTo")
        if len(self.handshake) != (1 if kind == "hello_ack" else 2):  # R14
            raise Fault("IPC_STATE", f"{kind} came out of order")
        if kind == "hello_ack" and reply_to != self.handshake[0]["id"]:
            raise Fault("IPC_STATE", "replyTo of hello_ack does not name hello")
        if kind == "hello_ack" and payload["selected"] != PROTOCOL:  # R11
            raise Fault("IPC_PROTO_MISMATCH", f"the adapter selected {payload['selected'][:128]!r}")
        if kind == "capabilities":
            check_members("adapter", payload["adapter"], NAMES)
            for record in payload["capabilities"]:
                check_members("a capability", record, CAPABILITY)
            if len({record["name"] for record in payload["capabilities"]}) < len(payload["capabilities"]):
                raise bad("an operation is offered twice")
        self.handshake.append(message)

    def outcome(self) -> tuple[str, Optional[dict]]:
        if self.fault is not None:
            return self.fault.status, self.fault.error
        ends = [call[-1] for call in self.calls]
        errors = [end["payload"] for end in ends if end["type"] == "error"]
        if errors:
            return "failed", {key: errors[0][key] for key in ("code", "message", "details") if key in errors[0]}
        if self.ended_by is not None:
            return "failed", {"code": "ADAPTER_IGNORED_EOF", "message": f"after the end of its stdin it took {self.ended_by} to end it"}
        if all(end["payload"]["ok"] for end in ends):
            return "satisfied", None
        return "violated", {"code": "CONTRACT_REJECTED", "message": "it was done, and the answer is no"}


# --- What is left behind ---


def normalised(session: Session) -> list[dict]:
    """The envelopes of the transcript."""
    lines: list[dict] = []

    def add(message: dict, answers: Optional[int] = None) -> None:
        n, seed = len(lines), session.plan.seed
        line = {"v": PROTOCOL, "id": derived_id("transcript", seed, n), "ts": timestamp(session.plan.clock_ms + n)}
        reply_to = {} if answers is None else {"replyTo": lines[answers]["id"]}
        lines.append({**line, "type": message["type"], **reply_to, "payload": message["payload"]})

    for message, answers in zip(session.handshake, (None, 0, None, 2)):
        add(message, answers)
    for invoke, *others in session.calls:
        place = len(lines)
        add(invoke)
        for message in others:
            add(message, place)
    for message in session.stray:
        add(message)
    return lines


def tokenised(word: str, plan: argparse.Namespace) -> str:
    for path, token in sorted(((plan.out, "${OUT}"), (os.getcwd(), "${ROOT}")), reverse=True, key=lambda pair: len(pair[0])):
        if word == path or word.startswith(path + "/"):
            return token + word[len(path) :]
    return word


def receipt_of(session: Session, lines: list[dict], transcript: Optional[bytes], wire: Optional[bytes], seconds: float) -> dict:
    plan, (status, error) = session.plan, session.outcome()
    of_type = lambda *kinds: [line["payload"] for line in lines if line["type"] in kinds]
    ends = [call[-1] for call in session.calls]
    files = [word for word in (shutil.which(plan.argv[0]) or "", *plan.argv[1:]) if os.path.isfile(word)]
    receipt: dict[str, Any] = {
        "v": "run-receipt.v0",
        "ts": session.identity["clock"],
        "adapter": [tokenised(word, plan) for word in plan.argv],
        "capabilities": (of_type("capabilities") or [None])[0],
        "invocation": {"op": plan.op, "args": plan.args},
        "result": ends[-1]["payload"] if ends and ends[-1]["type"] == "result" else None,
        "exitCode": session.child and session.child.returncode,
        "transcript": None if transcript is None else TRANSCRIPT,
        "status": status,
        "error": error,
        "reproducible": status not in ("timed-out", "cancelled"),
        "wideIntegers": has_wide_integer(lines),
        "authority": {
            "delegation": {"by": "local-operator", "grants": []},
            "scope": [],
            "budget": {"handshakeMs": plan.handshake_ms, "idleMs": plan.idle_ms, "totalMs": plan.timeout_ms, "runMs": None}
            | {name: resource.getrlimit(limit)[0] & (2**64 - 1) for name, limit in INHERITED.items()},
            "policyProfile": "none",
            "audit": {"transcript": None if transcript is None else TRANSCRIPT, "receipt": RECEIPT},
        },
        "sandbox": {
            "profile": None,
            "requested": [],
            "enforced": [],
            "notCovered": [{"what": "everything", "why": "the reference runner has no sandbox"}],
        },
        "manifest": None,
        "session": session.identity,
        "counts": {kind + "s": len(of_type(kind)) for kind in ("invoke", "result", "error")} | {"progress": len(of_type("progress"))},
        "runner": {"name": "reference-runner.py", "version": VERSION, "digest": "blake3:" + digest(open(__file__, "rb").read())["blake3"]},
        "digests": {
            "transcript": None if transcript is None else file_digest(transcript),
            "wire": None if wire is None else file_digest(wire),
        },
        "observed": {
            "elapsedMs": int(seconds * 1000),
            "endedByRunner": session.ended_by,
            "pid": session.child and session.child.pid,
            "kernel": platform.release(),
            "python": platform.python_version(),
            "schemasChecked": False,
            "counters": session.counters,
            "stderrTail": session.stderr.decode("utf-8", "replace"),
            "adapterFiles": [{"path": tokenised(f, plan), "sha256": hashlib.sha256(open(f, "rb").read()).hexdigest()} for f in files],
        },
    }
    subject = {"v": "run-subject.v0", "operation": plan.op, "args": plan.args, "profile": None, "manifest": None}
    subject["transcript"] = receipt["digests"]["transcript"] and receipt["digests"]["transcript"]["blake3"]
    subject["outcome"] = {"status": status, "code": error and error["code"]}
    receipt["digests"]["subject"] = digest(canonical(subject))
    receipt["digests"]["receipt"] = digest(canonical(receipt))
    return receipt


def write_file(folder: str, name: str, data: bytes) -> None:
    part = os.path.join(folder, ".part")
    with open(part, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, os.path.join(folder, name))


def prepare(folder: str) -> int:
    """Locks the folder and clears it, as a launch is about to begin. Returns its descriptor."""
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        foreign = set(os.listdir(folder)) - OURS
        if foreign:
            raise Usage(f"{folder} has files of others in it, for one {min(foreign)}")
        write_file(folder, RECEIPT, b"")  # whether evidence can be written shows now, not after the run
        for name in os.listdir(folder):
            os.remove(os.path.join(folder, name))
    except OSError as error:
        raise Usage(f"{folder}: {error.strerror}") from None
    return descriptor


def carry_out(plan: argparse.Namespace) -> int:
    descriptor, session = prepare(plan.out), Session(plan)
    for signum in SIGNALS:
        signal.signal(signum, interrupt)
    session.run()
    lines = normalised(session)
    status, error = session.outcome()
    transcript = b"".join(canonical(line) + b"\n" for line in lines) if session.child else None
    keep_wire = session.child and (plan.keep_wire or status not in ("satisfied", "violated"))
    wire = b"".join(canonical(record) + b"\n" for record in session.wire) if keep_wire else None
    receipt = canonical(receipt_of(session, lines, transcript, wire, time.monotonic() - session.started))
    try:
        for name, data in ((WIRE, wire), (TRANSCRIPT, transcript), (RECEIPT, receipt)):  # the receipt comes last
            if data is not None:
                write_file(plan.out, name, data)
                os.fsync(descriptor)
    except OSError as failure:
        print(f"runner.py: CONTRACT_EVIDENCE_FAILED: {plan.out}: {failure.strerror}\n{receipt.decode()}", file=sys.stderr)
        return 74
    if status in ("satisfied", "violated"):
        for line in lines:
            if line["type"] == "result" and "data" in line["payload"]:
                sys.stdout.buffer.write(canonical(line["payload"]["data"]) + b"\n")
    if error is not None:
        tail = session.stderr.decode("utf-8", "replace").splitlines()[-5:]
        cause = f" (cause: {error['cause']})" if "cause" in error else ""
        print(f"runner.py: {error['code']}: {error['message']}{cause}", *tail, sep="\n  stderr: ", file=sys.stderr)
    return EXIT_BY_CODE.get(error["code"] if error else "", EXIT_BY_STATUS.get(status, 4))


def interrupt(signum: int, _: Any) -> None:
    code = "CONTRACT_INTERRUPTED" if signum == signal.SIGINT else "CONTRACT_TERMINATED"
    raise Fault(code, f"{signal.Signals(signum).name} came", "cancelled")


def read_plan(words: list[str]) -> argparse.Namespace:
    """Judges all that the user gave, before anything starts."""
    flags = argparse.ArgumentParser(prog="runner.py", description="Runs one operation of an IPC v0 adapter, without a sandbox.")
    flags.add_argument("--adapter", required=True, help="command line; no shell is involved")
    flags.add_argument("--op", required=True)
    flags.add_argument("--args", help="JSON object")
    flags.add_argument("--text", help='short for --args {"text": TEXT}')
    flags.add_argument("--out", required=True, help="folder for transcript and receipt")
    flags.add_argument("--seed", default="0" * 32, help="32 lower-case hex digits")
    flags.add_argument("--clock", help="RFC 3339; default SOURCE_DATE_EPOCH, else 1970")
    flags.add_argument("--repeat", type=int, default=1)
    flags.add_argument("--keep-wire", action="store_true")
    for name, default in (("--timeout-ms", 600_000), ("--idle-ms", 60_000), ("--handshake-ms", 10_000)):
        flags.add_argument(name, type=int, default=default)
    plan = flags.parse_args(words)
    try:
        plan.argv = shlex.split(plan.adapter)
        both = plan.args is not None and plan.text is not None
        given = plan.args if plan.args is not None else json.dumps({"text": plan.text} if plan.text is not None else {})
        plan.args = read_json(given.encode("utf-8"))
        wrapped = {"payload": {"args": plan.args}, "op": plan.op}
        size = len(json.dumps(wrapped, ensure_ascii=False).encode("utf-8"))
        epoch = os.environ.get("SOURCE_DATE_EPOCH", "0")
        plan.clock_ms = rfc3339_ms(plan.clock) if plan.clock is not None else int(epoch) * 1000
        timestamp((plan.clock_ms or 0) + 2**40)  # room for as many messages as anyone will send
    except (ValueError, OverflowError, Fault) as error:
        raise Usage(f"--adapter, --op, --args, --text or SOURCE_DATE_EPOCH: {error}") from None
    deepest = nesting(json.dumps(wrapped).encode())
    if not plan.argv or shutil.which(plan.argv[0]) is None:
        raise Usage(f"--adapter: {plan.adapter!r} names no program")
    if both or not is_object(plan.args) or size > MAX_LINE_BYTES - 1024 or deepest > MAX_DEPTH:
        raise Usage("give --args or --text; --args is a JSON object that fits into one message")
    if not re.fullmatch(r"[0-9a-f]{32}", plan.seed) or plan.clock_ms is None:
        raise Usage("--seed must be 32 lower-case hex digits, --clock an RFC 3339 time")
    if min(plan.repeat, plan.timeout_ms, plan.idle_ms, plan.handshake_ms) < 1:
        raise Usage("--repeat and the --...-ms flags must be 1 or more")
    plan.out = os.path.abspath(plan.out)
    return plan


def main() -> int:
    try:
        return carry_out(read_plan(sys.argv[1:]))
    except Usage as usage:
        print(f"runner.py: {usage}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
