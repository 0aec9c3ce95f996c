"""Has a key twice, deep inside."""
import peer

for call in peer.serve("twice", ["x.y"]):
    peer.say(peer.line("result", {"ok": True, "data": {"a": "KEY"}}, call.id).replace('"KEY"', '{"k": 1, "k": 2}'))
