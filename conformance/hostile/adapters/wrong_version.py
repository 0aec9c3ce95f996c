"""Speaks another version."""
import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"], v="ipc.v1")
