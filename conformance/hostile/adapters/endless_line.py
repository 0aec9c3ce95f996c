"""Writes one line without an end."""
import sys

import peer

for call in peer.serve("endless", ["x.y"]):
    while True:
        sys.stdout.write("x" * 65536)
