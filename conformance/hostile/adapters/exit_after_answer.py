"""Answers, then exits with status 7."""
import peer

for call in peer.serve("after", ["x.y"]):
    call.result({"n": 1})
    raise SystemExit(7)
