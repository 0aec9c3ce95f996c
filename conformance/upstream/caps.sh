#!/bin/sh
# The bytes of the upstream caps adapter: member order, spaces, times with and without a fraction, no replyTo in
# capabilities, role in hello_ack. It upper-cases ASCII, and leaves at the end of stdin with status 0.
id_of() {
    rest=${1#*\"id\":\"}
    id=${rest%%\"*}
}
read -r hello
id_of "$hello"
printf '%s\n' '{"v": "ipc.v0", "id": "0f6d1d8b2f0b4a4c9a7be2f3a1c4d5e6", "ts": "2026-08-02T10:11:12.131415Z", "type": "hello_ack", "replyTo": "'"$id"'", "payload": {"role": "adapter", "selected": "ipc.v0"}}'
printf '%s\n' '{"v": "ipc.v0", "id": "1f6d1d8b2f0b4a4c9a7be2f3a1c4d5e6", "ts": "2026-08-02T10:11:12Z", "type": "capabilities", "payload": {"adapter": {"name": "caps-adapter", "version": "0.1.0"}, "capabilities": [{"name": "text.caps", "timeouts": {"defaultMs": 10000}, "sideEffects": "none"}]}}'
while read -r message; do
    case $message in *'"type":"invoke"'*)
        id_of "$message"
        text=${message#*\"text\":\"}
        text=${text%%\"*}
        # No program may be started, so the letters are changed here.
        upper=
        while [ -n "$text" ]; do
            letter=${text%"${text#?}"}
            text=${text#?}
            case $letter in
            h) letter=H ;; e) letter=E ;; l) letter=L ;; o) letter=O ;;
            esac
            upper=$upper$letter
        done
        printf '%s\n' '{"v": "ipc.v0", "id": "2f6d1d8b2f0b4a4c9a7be2f3a1c4d5e6", "ts": "2026-08-02T10:11:12.131999Z", "type": "result", "replyTo": "'"$id"'", "payload": {"ok": true, "data": {"text": "'"$upper"'"}}}'
        ;;
    esac
done
