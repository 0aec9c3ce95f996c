"""Makes progress as fast as it can, and never ends."""
import sys

import peer

for call in peer.serve("flood", ["x.y"]):
    seq = 0
    while True:
        text = "".join(peer.line("progress", {"seq": seq + i}, call.id) + "\n" for i in range(1000))
        sys.stdout.write(text)
        sys.stdout.flush()
        seq += 1000
