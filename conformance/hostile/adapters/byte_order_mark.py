"""Starts with a byte order mark."""
import peer

greeting = peer.hello()
peer.say("\ufeff" + peer.line("hello_ack", {"selected": "ipc.v0"}, greeting["id"]))
