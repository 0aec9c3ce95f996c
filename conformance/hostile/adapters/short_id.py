"""Uses an id of three characters."""
import peer

greeting = peer.hello()
peer.send("hello_ack", {"selected": "ipc.v0"}, greeting["id"], id="abc")
