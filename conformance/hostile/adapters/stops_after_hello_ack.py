"""Agrees on the protocol, then says nothing."""
import sys

import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"])
sys.stdin.read()
