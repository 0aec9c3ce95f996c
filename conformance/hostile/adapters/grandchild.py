"""Leaves a process behind that left its session and holds the pipes."""
import os
import time

import peer

for call in peer.serve("breeds", ["x.y"]):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(300)
        os._exit(0)
    os.wait()
    call.result({"n": 1})
