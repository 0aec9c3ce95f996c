"""Knows nothing of seeds: its ids, times and traces differ from run to run. Its behaviour follows its arguments."""
import json
import sys
import time
import uuid


def send(kind, payload, reply_to=None):
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    message = {"payload": payload, "ts": now, "v": "ipc.v0", "id": str(uuid.uuid4()), "type": kind, "trace": {"traceId": str(time.time_ns())}}
    if reply_to:
        message["replyTo"] = reply_to
    print(json.dumps(message), flush=True)


wishes = set(sys.argv[1:])
record = {"name": "x.y", "sideEffects": "none"}
if "described" in wishes:
    record["description"] = "more"
for text in sys.stdin:
    message = json.loads(text)
    if message["type"] == "hello":
        send("hello_ack", {"selected": "ipc.v0"}, message["id"])
        version = "2" if "newer" in wishes else "1"
        send("capabilities", {"adapter": {"name": "clocks", "version": version}, "capabilities": [record]})
    elif message["type"] == "invoke":
        if "progress" in wishes:
            send("progress", {"seq": 0, "message": "half"}, message["id"])
        if "fails" in wishes:
            send("error", {"code": "ADAPTER_NO", "message": "no"}, message["id"])
        elif "fails-otherwise" in wishes:
            send("error", {"code": "ADAPTER_NEVER", "message": "no"}, message["id"])
        else:
            data = {"z": 1.50 if "half" in wishes else 1, "a": message["payload"]["args"]}
            meta = {"meta": {"m": 1}} if "meta" in wishes else {}
            send("result", {"ok": "no" not in wishes, "data": data, **meta}, message["id"])
