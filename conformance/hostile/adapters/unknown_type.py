"""Sends a message of a type that no one knows: that is ignored."""
import peer

for call in peer.serve("modern", ["x.y"]):
    peer.send("telemetry", {"load": 1})
    call.result({"n": 1})
