"""A whole last message without a line feed: that is accepted."""
import sys

import peer

for call in peer.serve("nolf", ["x.y"]):
    sys.stdout.write(peer.line("result", {"ok": True, "data": {"n": 1}}, call.id))
    sys.stdout.flush()
    raise SystemExit(0)
