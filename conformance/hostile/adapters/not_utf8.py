"""Writes bytes that are no UTF-8."""
import sys

sys.stdout.buffer.write(b'{"v":"ipc.v0\xff"}\n')
sys.stdout.flush()
sys.stdin.read()
