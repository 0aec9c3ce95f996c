"""Skips a number in its progress."""
import peer

for call in peer.serve("skips", ["x.y"]):
    call.progress(0)
    call.progress(2)
    call.result({})
