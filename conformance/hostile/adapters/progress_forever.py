"""Makes progress for ever, and never ends."""
import time

import peer

for call in peer.serve("busy", ["x.y"]):
    seq = 0
    while True:
        call.progress(seq)
        seq += 1
        time.sleep(0.05)
