#!/usr/bin/env python3
"""A reference verifier for the evidence of a run. Python 3.9+, standard library only.

`verify.py DIR [--expect-digest D]` goes through the steps of "verify" in docs/receipts.md, in their order, and prints one
line. Exit status: 0 consistent or verified, 1 mismatch, 6 unverifiable, 2 usage. R numbers are those of docs/ipc-v0.md.
"""
from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import math
import os
import re
import stat
import struct
import sys
from typing import Any, Callable, Optional

ORDER = ("hello", "hello_ack", "capabilities", "capabilities_ack")
TRANSCRIPT, WIRE, RECEIPT = "ipc-transcript.ndjson", "ipc-wire.ndjson", "run-receipt.json"
MAX_LINE_BYTES, MAX_DEPTH = 16 << 20, 128  # R3, R4
MAX_RECEIPT_BYTES = 64 << 20
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.(\d+))?(?:[Zz]|([+-](?:[01]\d|2[0-3]):[0-5]\d))",
    re.ASCII,
)


class Bad(Exception):
    """A text or a value that breaks a rule."""


class Mismatch(Exception):
    """The evidence contradicts itself, or what was expected."""


class Unverifiable(Exception):
    """Something needed is missing, unreadable or unknown."""


# --- Reading (R4) ---


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
        raise Bad("a key stands twice in one object")
    return members


def number(text: str) -> Any:
    """Evidence is read without the 64-bit rule of R4. NaN and Infinity come here, too, and are refused."""
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if not math.isfinite(float(text)):
        raise Bad(f"the number {text[:40]} is out of range")
    return float(text)


def read_json(text: bytes) -> Any:
    """The value of a JSON text, by the strict rules of R4."""
    if nesting(text) > MAX_DEPTH:
        raise Bad(f"nested deeper than {MAX_DEPTH}")
    hooks = {"parse_int": number, "parse_float": number, "parse_constant": number}
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=unique_members, **hooks)
        if b"\\u" in text:  # only an escape can bring a lone surrogate
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeError:
        raise Bad("invalid UTF-8 or a lone surrogate") from None
    except ValueError as error:
        raise Bad(f"not JSON: {error}") from None
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
    """Whether there is an integer outside +-(2^53 - 1), in a value that was read from canonical text."""
    if isinstance(value, (dict, list)):
        return any(map(has_wide_integer, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) > 2**53 - 1


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


def derived_id(purpose: str, seed: str, n: int) -> str:  # R50
    return hashlib.sha256(f"{purpose}\n{seed}".encode()).hexdigest()[:16] + f"{n:016x}"


def timestamp(ms: int) -> str:
    return (EPOCH + datetime.timedelta(milliseconds=ms)).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"



# --- What things must look like ---

Check = Callable[[Any], Any]
is_text: Check = lambda v: isinstance(v, str)
is_object: Check = lambda v: isinstance(v, dict)
is_list: Check = lambda v: isinstance(v, list)
is_flag: Check = lambda v: isinstance(v, bool)
is_id: Check = lambda v: is_text(v) and 8 <= len(v) <= 128
is_number: Check = lambda v: isinstance(v, (int, float)) and not is_flag(v)
is_count: Check = lambda v: is_number(v) and v == int(v) and 0 <= v < 2**64
is_code: Check = lambda v: is_text(v) and len(v) <= 128 and re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", v)
is_texts: Check = lambda v: is_list(v) and all(map(is_text, v))
# Members and their rules; `name?` may be absent.
ENVELOPE: dict[str, Check] = {
    "v": lambda v: v == "ipc.v0",
    "id": is_id,
    "ts": lambda v: rfc3339_ms(v) is not None,
    "type": lambda v: is_text(v) and 1 <= len(v) <= 128,
    "payload": is_object,
    "replyTo?": is_id,
}
ANY: Check = lambda v: True
# Payloads in a transcript (R10 to R26). Payload members that are not named here are left alone.
PAYLOADS: dict[str, dict[str, Check]] = {
    "hello": {"role": lambda v: v == "runner", "protocols": lambda v: is_texts(v) and "ipc.v0" in v, "requestedCapabilities": is_texts, "session": is_object},
    "hello_ack": {"selected": lambda v: v == "ipc.v0", "role?": lambda v: v == "adapter"},
    "capabilities": {"adapter": lambda v: is_object(v) and is_text(v.get("name")) and is_text(v.get("version")), "capabilities": lambda v: is_list(v) and all(is_object(r) and is_text(r.get("name")) for r in v)},
    "capabilities_ack": {"accepted": is_texts},
    "invoke": {"op": is_text, "args": is_object, "timeoutMs": is_count},
    "progress": {"seq": is_count, "fraction?": lambda v: is_number(v) and 0 <= v <= 1, "message?": is_text},
    "cancel": {"reason": lambda v: v in ("timeout", "interrupted", "shutdown")},
    "result": {"ok": is_flag, "data?": is_object},
    "error": {"code": is_code, "message": is_text, "retryable?": is_flag},
}
is_hex: Callable[[int], Check] = lambda size: lambda v: is_text(v) and re.fullmatch("[0-9a-f]{%d}" % size, v)
is_clock: Check = lambda v: rfc3339_ms(v) is not None and timestamp(rfc3339_ms(v)) == v
DIGEST: dict[str, Check] = {"blake3": is_hex(64), "sha256": is_hex(64)}
FILE: dict[str, Check] = {**DIGEST, "bytes": is_count, "lines": is_count}


def has(members: dict[str, Check]) -> Check:
    return lambda v: is_object(v) and check_members("", v, members, closed=True) is None


def each(check: Check) -> Check:
    return lambda v: is_list(v) and all(map(check, v))


def null_or(check: Check) -> Check:
    return lambda v: v is None or check(v)


is_blake3: Check = lambda v: is_text(v) and v.startswith("blake3:") and is_hex(64)(v[7:])
is_transcript: Check = lambda v: v is None or v == TRANSCRIPT
BUDGET = ("handshakeMs", "idleMs", "totalMs", "memoryBytes", "fileSizeBytes", "openFiles", "cpuSeconds", "processes")
GRANT = {
    "digest": is_blake3,
    "issuer": is_text,
    "subject": has({"adapter?": is_text, "digest?": is_blake3}),
    "expires": lambda v: rfc3339_ms(v) is not None,
}
AUTHORITY = {
    "delegation": has({"by": lambda v: v in ("local-operator", "grant"), "grants": each(has(GRANT))}),
    "scope": is_texts,
    "budget": has({"runMs": null_or(is_count), **dict.fromkeys(BUDGET, is_count)}),
    "policyProfile": is_text,
    "audit": has({"transcript": is_transcript, "receipt": lambda v: v in (RECEIPT, "denied-receipt.json")}),
}
RECEIPT_MEMBERS: dict[str, Check] = {  # schemas/json/receipt/run-receipt.v0.schema.json
    "v": lambda v: v == "run-receipt.v0",
    "ts": is_clock,
    "adapter": is_texts,
    "capabilities": null_or(is_object),
    "invocation": has({"op": is_text, "args": is_object}),
    "result": null_or(is_object),
    "exitCode": null_or(lambda v: is_number(v) and v == int(v) and abs(v) < 2**31),
    "transcript": is_transcript,
    "status": lambda v: v in ("satisfied", "violated", "denied", "failed", "timed-out", "cancelled"),
    "error": null_or(has({"code": is_code, "message": is_text, "cause?": is_text, "hint?": is_text, "lastFrame?": is_text, "details?": ANY})),
    "reproducible": is_flag,
    "wideIntegers": is_flag,
    "authority": has(AUTHORITY),
    "sandbox": has(
        {
            "profile": null_or(is_object),
            "requested": is_texts,
            "enforced": is_list,
            "notCovered": each(has({"what": is_text, "why": is_text})),
        }
    ),
    "manifest": null_or(is_blake3),
    "session": has({"id": is_hex(32), "seed": is_hex(32), "clock": is_clock}),
    "counts": has(dict.fromkeys(("invokes", "results", "errors", "progress"), is_count)),
    "runner": has({"name": is_text, "version": is_text, "digest": null_or(is_blake3)}),
    "digests": has({"transcript": null_or(has(FILE)), "wire": null_or(has(FILE)), "subject": has(DIGEST), "receipt": has(DIGEST)}),
    "observed": is_object,
}


def check_members(what: str, value: dict, rules: dict[str, Check], closed: bool = False) -> None:
    """Raises Bad for a member that is missing, breaks its rule, or (when closed) is unknown."""
    unknown = set(value) - {name.rstrip("?") for name in rules}
    if closed and unknown:
        raise Bad(f"{what}/{min(unknown)}: unknown member")
    for name, rule in rules.items():
        key = name.rstrip("?")
        try:
            good = rule(value[key]) if key in value else key != name
        except Bad as inner:
            raise Bad(f"{what}/{key}{inner}") from None
        if not good:
            raise Bad(f"{what}/{key}: missing, or breaks its rule")


def first_difference(left: Any, right: Any, pointer: str = "") -> Optional[str]:
    """The JSON pointer of the first value that differs, or None. true is not 1 here."""
    if is_object(left) and is_object(right):
        for name in sorted(set(left) | set(right)):
            below = pointer + "/" + name.replace("~", "~0").replace("/", "~1")
            found = first_difference(left[name], right[name], below) if name in left and name in right else below
            if found is not None:
                return found
        return None
    if is_list(left) and is_list(right) and len(left) == len(right):
        return next(filter(None, (first_difference(a, b, f"{pointer}/{i}") for i, (a, b) in enumerate(zip(left, right)))), None)
    return None if canonical(left) == canonical(right) else pointer


def need_equal(where: str, stated: Any, found: Any, pointer: str = "") -> None:
    difference = first_difference(stated, found, pointer)
    if difference is not None:
        raise Mismatch(f"{where}: {difference or '/'}: differs from what follows from the rest")


def need_canonical(where: str, text: bytes, value: Any) -> None:
    wanted = canonical(value)
    if text != wanted:
        at = next((i for i, (a, b) in enumerate(zip(text, wanted)) if a != b), min(len(text), len(wanted)))
        raise Mismatch(f"{where}: byte {at}: not in canonical form")


# --- The steps ---


def read_file(folder: str, name: str, limit: float = math.inf) -> bytes:
    try:
        descriptor = os.open(os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_size > limit:
                raise Unverifiable(f"{name}: not a regular file, or too large")
            return file.read()
    except OSError as error:
        raise Unverifiable(f"{name}: {error.strerror}") from None


def read_receipt(folder: str) -> dict:  # steps 1 to 3
    text = read_file(folder, RECEIPT, MAX_RECEIPT_BYTES)
    try:
        receipt = read_json(text)
        if not is_object(receipt):
            raise Bad(": not an object")
        check_members("", receipt, RECEIPT_MEMBERS, closed=True)
    except Bad as error:
        raise Unverifiable(f"{RECEIPT}: {error}") from None
    need_canonical(RECEIPT, text, receipt)
    bare = {**receipt, "digests": {name: value for name, value in receipt["digests"].items() if name != "receipt"}}
    need_equal(RECEIPT, receipt["digests"]["receipt"], digest(canonical(bare)), "/digests/receipt")
    return receipt


def read_named(folder: str, name: str, digests: dict, which: str) -> bytes:  # step 4
    stated, pointer = digests[which], "/digests/" + which
    if stated is None:
        if os.path.lexists(os.path.join(folder, name)):
            raise Mismatch(f"{name}: it is there, and {RECEIPT}: {pointer} knows no such file")
        return b""
    data = read_file(folder, name)
    found = {"bytes": len(data), "lines": data.count(b"\n"), "sha256": hashlib.sha256(data).hexdigest()}
    for part in found:  # BLAKE3 is slow here, so it comes last
        if stated[part] != found[part]:
            raise Mismatch(f"{name}: its {part} is not the one at {RECEIPT}: {pointer}/{part}")
    if stated["blake3"] != digest(data)["blake3"]:
        raise Mismatch(f"{name}: its blake3 is not the one at {RECEIPT}: {pointer}/blake3")
    return data


class Transcript:
    """Step 5: reads line after line, and knows what may come next."""

    def __init__(self, seed: str, clock_ms: int) -> None:
        self.seed, self.clock_ms = seed, clock_ms
        self.lines: list[dict] = []
        self.ends: list[Optional[dict]] = []  # per invoke
        self.invoke_id: Optional[str] = None  # of the last one
        self.next_seq: Optional[int] = None
        self.is_over = False  # an error that answers no invoke is the last line

    def read(self, data: bytes) -> None:
        *lines, rest = data.split(b"\n")
        for n, line in enumerate(lines + [rest] if rest else lines):
            where = f"{TRANSCRIPT}:{n + 1}"
            try:
                if n == len(lines):
                    raise Bad(": the last line has no LF")
                message = read_json(line)
                if not is_object(message):
                    raise Bad(": not an object")
                check_members("", message, ENVELOPE, closed=True)
                need_canonical(where, line, message)
                self.take(n, message)
            except Bad as error:
                raise Mismatch(f"{where}: {error}") from None
            self.lines.append(message)

    def take(self, n: int, message: dict) -> None:
        kind, payload, ids = message["type"], message["payload"], [line["id"] for line in self.lines[:3]]
        if message["id"] != derived_id("transcript", self.seed, n):
            raise Bad("/id: not the id of this line")
        if message["ts"] != timestamp(self.clock_ms + n):
            raise Bad("/ts: not the time of this line")
        if kind not in PAYLOADS:
            raise Bad("/type: messages of this type do not stand in a transcript")
        check_members("/payload", payload, PAYLOADS[kind])
        fits = not self.is_over
        answers = None
        if kind == "error" and "replyTo" not in message:
            self.is_over, fits = True, fits and n > 0
        elif n < 4:
            fits, answers = fits and kind == ORDER[n], ids[n - 1] if n in (1, 3) else None
        elif kind == "invoke":
            self.invoke_id, self.next_seq = message["id"], None
            self.ends.append(None)
            if payload["op"] not in [record["name"] for record in self.lines[2]["payload"]["capabilities"]]:  # R20
                raise Bad("/payload/op: was not offered")
        else:
            fits, answers = fits and kind not in ORDER and bool(self.ends) and self.ends[-1] is None, self.invoke_id
        if not fits:
            raise Bad("/type: this message may not stand here")
        if message.get("replyTo") != answers:
            raise Bad("/replyTo: does not name the message it must name")
        if kind not in ORDER and kind != "invoke" and not self.is_over:
            self.in_invoke(kind, payload)

    def in_invoke(self, kind: str, payload: dict) -> None:
        if kind == "progress":  # R24
            if self.next_seq not in (None, payload["seq"]):
                raise Bad("/payload/seq: not one higher than before")
            self.next_seq = payload["seq"] + 1
        elif kind in ("result", "error"):  # R21, R22
            self.ends[-1] = {"type": kind, "payload": payload}
            if kind == "result" and payload["ok"] and "data" not in payload:
                raise Bad("/payload/data: missing, though ok is true")

    def payloads(self, kind: str) -> list[dict]:
        return [line["payload"] for line in self.lines if line["type"] == kind]


def check_meaning(receipt: dict, transcript: Transcript) -> None:  # steps 6 and 7
    first = {kind: (transcript.payloads(kind) or [None])[0] for kind in ("hello", "capabilities", "invoke")}
    last_end = transcript.ends[-1] if transcript.ends else None
    wanted = {
        "capabilities": first["capabilities"],
        "invocation": receipt["invocation"],  # what was asked for, when no invoke was sent
        "result": last_end["payload"] if last_end and last_end["type"] == "result" else None,
        "counts": {name: len(transcript.payloads(name.rstrip("s") if name != "progress" else name)) for name in receipt["counts"]},
        "wideIntegers": has_wide_integer(transcript.lines),
        "ts": receipt["session"]["clock"],
    }
    if first["invoke"] is not None:
        wanted["invocation"] = {name: first["invoke"][name] for name in ("op", "args")}
    for name, value in wanted.items():
        need_equal(RECEIPT, receipt[name], value, "/" + name)
    session_id = hashlib.sha256(f"session\n{receipt['session']['seed']}".encode()).hexdigest()[:32]
    need_equal(RECEIPT, receipt["session"]["id"], session_id, "/session/id")
    if first["hello"] is not None:
        need_equal(RECEIPT, receipt["session"], first["hello"]["session"], "/session")
    status, error = receipt["status"], receipt["error"]
    if status in ("satisfied", "violated"):
        answers = [end["payload"]["ok"] if end and end["type"] == "result" else None for end in transcript.ends]
        if not answers or None in answers or transcript.is_over or all(answers) != (status == "satisfied"):
            raise Mismatch(f"{RECEIPT}: /status: {status} does not fit the ends in the transcript")
        if error is not None and (status == "satisfied" or error["code"] != "CONTRACT_REJECTED"):
            raise Mismatch(f"{RECEIPT}: /error: does not fit the status {status}")
    need_equal(RECEIPT, receipt["reproducible"], status not in ("timed-out", "cancelled"), "/reproducible")


def check_subject(receipt: dict) -> None:  # step 8
    transcript, error = receipt["digests"]["transcript"], receipt["error"]
    subject = {
        "v": "run-subject.v0",
        "operation": receipt["invocation"]["op"],
        "args": receipt["invocation"]["args"],
        "profile": receipt["sandbox"]["profile"],
        "manifest": receipt["manifest"],
        "transcript": transcript and transcript["blake3"],
        "outcome": {"status": receipt["status"], "code": error and error["code"]},
    }
    need_equal(RECEIPT, receipt["digests"]["subject"], digest(canonical(subject)), "/digests/subject")


def verify(folder: str, expected: Optional[str] = None) -> str:
    """The answer when all is well. Raises Mismatch or Unverifiable."""
    receipt = read_receipt(folder)
    digests = receipt["digests"]
    if (receipt["transcript"] is None) != (digests["transcript"] is None):
        raise Mismatch(f"{RECEIPT}: /digests/transcript: does not fit /transcript")
    data = read_named(folder, TRANSCRIPT, digests, "transcript")
    read_named(folder, WIRE, digests, "wire")
    transcript = Transcript(receipt["session"]["seed"], rfc3339_ms(receipt["ts"]))
    transcript.read(data)
    check_meaning(receipt, transcript)
    check_subject(receipt)
    if expected is None:
        return "consistent (unsigned)"
    algorithm, _, value = expected.partition(":")
    if digests["receipt"][algorithm] != value:
        raise Mismatch(f"{RECEIPT}: /digests/receipt/{algorithm}: not the expected digest")
    return "verified"


def main() -> int:
    flags = argparse.ArgumentParser(prog="verify.py", description="Checks the evidence of a run, offline.")
    flags.add_argument("folder", metavar="DIR")
    flags.add_argument("--expect-digest", metavar="D", help="blake3:HEX or sha256:HEX of the receipt")
    given = flags.parse_args()
    if given.expect_digest is not None and not re.fullmatch("(blake3|sha256):[0-9a-f]{64}", given.expect_digest):
        flags.error("--expect-digest needs blake3: or sha256: and 64 lower-case hex digits")
    try:
        answer, code = verify(given.folder, given.expect_digest), 0
    except Mismatch as mismatch:
        answer, code = f"mismatch: {mismatch}", 1
    except Unverifiable as missing:
        answer, code = f"unverifiable: {missing}", 6
    except Exception as error:  # whatever it is, the evidence could not be checked
        answer, code = f"unverifiable: {type(error).__name__}: {error}", 6
    sys.stdout.buffer.write(answer.encode("utf-8", "backslashreplace").replace(b"\n", b" ") + b"\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
