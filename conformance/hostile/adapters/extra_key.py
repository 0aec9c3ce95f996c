"""Adds a member to the envelope."""
import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"], extra=1)
