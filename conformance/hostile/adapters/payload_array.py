"""Sends a payload that is no object."""
import peer

for call in peer.serve("list", ["x.y"]):
    peer.send("result", [1], call.id)
