"""Does it, and the answer is no."""
import peer

for call in peer.serve("rejects", ["x.y"]):
    call.result({"reason": "too large"}, ok=False)
