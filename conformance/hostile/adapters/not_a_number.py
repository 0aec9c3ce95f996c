"""Sends NaN."""
import peer

for call in peer.serve("nan", ["x.y"]):
    peer.say(peer.line("result", {"ok": True, "data": {"a": float("nan")}}, call.id))
