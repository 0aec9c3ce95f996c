"""Selects a protocol that was not offered."""
import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v7"}, greeting["id"])
