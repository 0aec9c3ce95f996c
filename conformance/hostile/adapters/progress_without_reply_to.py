"""Sends progress that names no call."""
import peer

for call in peer.serve("stray", ["x.y"]):
    peer.send("progress", {"seq": 0})
    call.result({})
