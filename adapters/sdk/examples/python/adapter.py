#!/usr/bin/env python3
import datetime, json, sys, uuid

INPUT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
OFFER = {
    "adapter": {"name": "python-caps", "version": "0.1.0"},
    "capabilities": [{"name": "text.caps", "inputSchema": INPUT, "sideEffects": ["none"]}],
}
stdout, sys.stdout = sys.stdout.buffer, sys.stderr  # a print() now goes to stderr

def send(kind, payload, reply_to=None):
    message = {"v": "ipc.v0", "id": uuid.uuid4().hex, "type": kind, "payload": payload}
    message["ts"] = datetime.datetime.now(datetime.timezone.utc).isoformat()
    if reply_to is not None:
        message["replyTo"] = reply_to
    stdout.write(json.dumps(message).encode() + b"\n")
    stdout.flush()

for line in sys.stdin.buffer:
    message = json.loads(line)
    kind, payload = message["type"], message["payload"]
    if kind == "hello":
        send("hello_ack", {"selected": "ipc.v0"}, message["id"])
        send("capabilities", OFFER)
    elif kind == "invoke" and payload["op"] == "text.caps":
        send("result", {"ok": True, "data": {"text": payload["args"]["text"].upper()}}, message["id"])
    elif kind == "invoke":
        error = {"code": "ADAPTER_NO_SUCH_OP", "message": "unknown", "details": {"op": payload["op"]}}
        send("error", error, message["id"])
