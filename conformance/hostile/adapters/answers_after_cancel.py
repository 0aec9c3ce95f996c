"""Answers only when it is asked to stop."""
import peer

peer.shake_hands("late", ["x.y"])
for message in peer.messages():
    if message["type"] == "cancel":
        peer.send("result", {"ok": True, "data": {}}, message["replyTo"])
