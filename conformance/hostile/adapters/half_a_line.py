"""Writes half a line and exits."""
import sys

import peer

for call in peer.serve("half", ["x.y"]):
    sys.stdout.write(peer.line("result", {"ok": True, "data": {}}, call.id)[:40])
    sys.stdout.flush()
    raise SystemExit(3)
