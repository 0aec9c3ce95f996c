"""The three programs under test: as processes, and loaded as modules for their parts."""
from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
import unittest
from types import ModuleType
from typing import Any, Optional

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WAIT_S = 60
SEED = "00112233445566778899aabbccddeeff"
CLOCK = "2026-01-02T03:04:05.006Z"


def path(name: str) -> str:
    return os.path.join(FOLDER, name)


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"reference_{name}", path(name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def command(*words: str) -> str:
    return shlex.join([sys.executable, *words])


ADAPTER = command(path("adapter.py"))


class Run:
    """One finished run of runner.py, and what it left."""

    def __init__(self, folder: str, adapter: str, *flags: str, env: Optional[dict] = None) -> None:
        words = [sys.executable, path("runner.py"), "--adapter", adapter, "--out", folder, *flags]
        self.done = subprocess.run(words, capture_output=True, timeout=WAIT_S, env=env)
        self.code, self.out, self.err = self.done.returncode, self.done.stdout.decode(), self.done.stderr.decode()
        self.folder = folder

    def file(self, name: str) -> bytes:
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    @property
    def receipt(self) -> dict:
        return json.loads(self.file("run-receipt.json"))

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.file("ipc-transcript.ndjson").splitlines()]

    @property
    def types(self) -> list[str]:
        return [line["type"] for line in self.lines]


def verify(folder: str, *flags: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, path("verify.py"), folder, *flags], capture_output=True, timeout=WAIT_S)
    assert b"Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout.decode().rstrip("\n")


class WithFolder(unittest.TestCase):
    """Gives each test a folder of its own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def out(self, name: str = "out") -> str:
        return os.path.join(self.folder, name)

    def run_op(self, op: str, args: Any, *flags: str, name: str = "out") -> Run:
        return Run(self.out(name), ADAPTER, "--op", op, "--args", json.dumps(args), *flags)


# The Rust side of this repository, when it was built: the two implementations check each other.
BUILT = os.path.join(FOLDER, "..", "..", "target", "debug")
RUST_RUNNER, RUST_ADAPTER = os.path.join(BUILT, "contract-runner"), os.path.join(BUILT, "adapter-echo")
HAS_RUST = all(os.access(program, os.X_OK) for program in (RUST_RUNNER, RUST_ADAPTER))


def rust_verify(folder: str, *flags: str) -> tuple[int, str]:
    done = subprocess.run([RUST_RUNNER, "verify", folder, *flags], capture_output=True, timeout=WAIT_S)
    return done.returncode, (done.stdout + done.stderr).decode()
