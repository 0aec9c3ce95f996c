"""The well-behaved half of an adapter, for those that misbehave in one way only."""
import json
import sys

number = 0


def line(kind, payload, reply_to=None, **more):
    global number
    number += 1
    message = {"v": "ipc.v0", "id": f"adapter-{number:08d}", "ts": "2026-01-01T00:00:00Z", "type": kind, "payload": payload}
    if reply_to is not None:
        message["replyTo"] = reply_to
    message.update(more)
    return json.dumps(message)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def send(kind, payload, reply_to=None, **more):
    say(line(kind, payload, reply_to, **more))


class Call:
    def __init__(self, message):
        self.id = message["id"]
        self.op = message["payload"]["op"]
        self.args = message["payload"]["args"]

    def result(self, data, ok=True):
        send("result", {"ok": ok, "data": data}, self.id)

    def error(self, code, text, **more):
        send("error", {"code": code, "message": text, **more}, self.id)

    def progress(self, seq, **more):
        send("progress", {"seq": seq, **more}, self.id)


def hello():
    """Waits for hello."""
    return json.loads(sys.stdin.readline())


def offer(name, ops, **record):
    send("capabilities", {"adapter": {"name": name, "version": "1"}, "capabilities": [{"name": op, **record} for op in ops]})


def shake_hands(name, ops, **record):
    greeting = hello()
    send("hello_ack", {"selected": "ipc.v0", "role": "adapter"}, greeting["id"])
    offer(name, ops, **record)


def messages():
    for text in sys.stdin:
        yield json.loads(text)


def serve(name, ops, **record):
    """Shakes hands, then yields each call."""
    shake_hands(name, ops, **record)
    for message in messages():
        if message["type"] == "invoke":
            yield Call(message)
