"""Says nothing for 15 s, then answers. Not hostile: a session that is idle is not a session that is dead."""
import select

import peer

for call in peer.serve("idle", ["x.y"]):
    select.select([], [], [], 15)
    call.result({"waited_s": 15})
