"""Sends a time that is none."""
import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"], ts="yesterday")
