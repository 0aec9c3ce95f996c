"""The bytes of the upstream bridge adapter: one string for side effects, members of a record that nobody knows."""
import json
import sys

HELLO_ACK = '{"v": "ipc.v0", "id": "a0000000000040008000000000000001", "ts": "2026-08-02T10:11:12.131415Z", "type": "hello_ack", "replyTo": "%s", "payload": {"role": "adapter", "selected": "ipc.v0"}}'
CAPABILITIES = '{"v": "ipc.v0", "id": "a0000000000040008000000000000002", "ts": "2026-08-02T10:11:12Z", "type": "capabilities", "payload": {"adapter": {"name": "tritrpc-bridge-adapter", "version": "0.3.0"}, "capabilities": [{"name": "remote.echo", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}, "timeouts": {"defaultMs": 10000}, "sideEffects": "network", "remote": {"protocol": "tritrpc", "method": "echo"}, "skeletonMode": true}]}}'
RESULT = '{"v": "ipc.v0", "id": "a0000000000040008000000000000003", "ts": "2026-08-02T10:11:12.131999Z", "type": "result", "replyTo": "%s", "payload": {"ok": true, "data": {"skeletonMode": true, "transport": "tritrpc", "method": "echo", "args": %s}}}'

for text in sys.stdin:
    message = json.loads(text)
    if message["type"] == "hello":
        print(HELLO_ACK % message["id"], flush=True)
        print(CAPABILITIES, flush=True)
    if message["type"] == "invoke":
        print(RESULT % (message["id"], json.dumps(message["payload"]["args"])), flush=True)
