"""Nests 100,000 levels deep."""
import peer

for call in peer.serve("deep", ["x.y"]):
    peer.say(peer.line("result", {"ok": True, "data": {"a": "KEY"}}, call.id).replace('"KEY"', "[" * 100000 + "]" * 100000))
