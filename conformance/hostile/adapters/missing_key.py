"""Leaves a member of the envelope out."""
import json

import peer

greeting = peer.hello()
message = json.loads(peer.line("hello_ack", {"selected": "ipc.v0"}, greeting["id"]))
del message["ts"]
peer.say(json.dumps(message))
