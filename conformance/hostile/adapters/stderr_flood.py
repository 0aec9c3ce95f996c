"""Writes 64 MiB to stderr, then answers."""
import sys

import peer

for call in peer.serve("loud", ["x.y"]):
    for _ in range(1024):
        sys.stderr.write("x" * 65535 + "\n")
    call.result({"n": 1})
