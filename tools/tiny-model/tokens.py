"""The vocabulary: one token for each byte, and a few control tokens.

A byte vocabulary needs no training and no merges, and every text can be written in it. The control tokens cost one token
each, which matters in a context of 256.
"""

CONTROL = ["<|bos|>", "<|end|>", "<|pad|>", "<|system|>", "<|user|>", "<|assistant|>"]
BOS, END, PAD, SYSTEM, USER, ASSISTANT = range(256, 256 + len(CONTROL))
SIZE = 256 + len(CONTROL)
ROLE = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}

# llama.cpp knows this template by "<|assistant|>" and "<|end|>" (src/llama-chat.cpp, phi3) and then writes it with code of
# its own; a Jinja engine gets the same text. It has the fewest tokens among the known templates that mark where an answer
# ends: six around a question.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)


def byte_characters() -> list[str]:
    """The character that stands for each byte in a GPT-2 vocabulary.

    Printable bytes stand for themselves; the others follow from U+0100 on, so that no entry is a blank or a control
    character (encoder.py of GPT-2, and unicode_byte_to_utf8 in llama.cpp).
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    table = {byte: chr(byte) for byte in shown} | {byte: chr(256 + index) for index, byte in enumerate(hidden)}
    return [table[byte] for byte in range(256)]


def encode(text: str) -> list[int]:
    """The tokens of a text, without any control token."""
    return list(text.encode("utf-8"))


def decode(tokens: list[int]) -> str:
    """The text of tokens; control tokens are left out."""
    return bytes(token for token in tokens if token < 256).decode("utf-8", errors="replace")


def chat_prompt(messages: list[tuple[str, str]]) -> list[int]:
    """What the chat template gives for (role, content) pairs, up to the point where the assistant begins."""
    tokens = [BOS]
    for role, content in messages:
        tokens += [ROLE[role], *encode("\n" + content), END, *encode("\n")]
    return [*tokens, ASSISTANT, *encode("\n")]


def plain_prompt(text: str) -> list[int]:
    """A prompt without a template."""
    return [BOS, *encode(text)]
