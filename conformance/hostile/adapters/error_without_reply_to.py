"""Sends an error that names no call, and lives on."""
import peer

for call in peer.serve("anonymous", ["x.y"]):
    peer.send("error", {"code": "ADAPTER_BROKEN", "message": "something is wrong"})
