"""Answers a call that nobody made."""
import peer

for call in peer.serve("foreign", ["x.y"]):
    peer.send("result", {"ok": True, "data": {}}, "f" * 32)
