"""Sends a result without `ok`."""
import peer

for call in peer.serve("nook", ["x.y"]):
    peer.send("result", {"data": {}}, call.id)
