"""Sends an error whose code has no namespace."""
import peer

for call in peer.serve("vague", ["x.y"]):
    call.error("oops", "no")
