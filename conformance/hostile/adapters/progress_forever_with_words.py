"""Says again and again that it is still here."""
import time

import peer

for call in peer.serve("busy", ["x.y"]):
    seq = 0
    while True:
        call.progress(seq, message="still here")
        seq += 1
        time.sleep(0.02)
