"""Opens a file that nobody granted."""
import peer

for call in peer.serve("opens", ["x.y"]):
    call.result({"text": open("/etc/hostname").read()})
