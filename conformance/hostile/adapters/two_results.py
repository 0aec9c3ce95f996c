"""Ends a call twice."""
import peer

for call in peer.serve("two", ["x.y"]):
    call.result({"n": 1})
    call.result({"n": 2})
