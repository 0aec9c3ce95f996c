"""Ends its lines with CR and LF: that is accepted and counted."""
import peer

say = peer.say
peer.say = lambda text: say(text + "\r")
for call in peer.serve("crlf", ["x.y"]):
    call.result({"n": 1})
