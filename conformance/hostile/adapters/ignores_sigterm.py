"""Answers, and does not go when it is asked to."""
import signal
import time

import peer

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for call in peer.serve("stubborn", ["x.y"]):
    call.result({"n": 1})
    while True:
        time.sleep(60)
