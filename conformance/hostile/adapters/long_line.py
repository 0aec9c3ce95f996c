"""Writes a line over the limit."""
import peer

for call in peer.serve("long", ["x.y"]):
    call.result({"text": "x" * 100000})
