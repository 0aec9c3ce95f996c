"""Strict reading (R4), canonical JSON, BLAKE3 and RFC 3339, in each program that has them."""
import unittest

import programs

RUNNER, VERIFIER, ADAPTER = programs.load("runner"), programs.load("verify"), programs.load("adapter")
BOTH = (RUNNER, VERIFIER)
ALL = (RUNNER, VERIFIER, ADAPTER)
# (a text, its canonical form)
NUMBERS = [
    ("0", "0"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("0e9", "0"),
    ("1.0", "1"),
    ("1e0", "1"),
    ("-1.50", "-1.5"),
    ("1e21", "1e+21"),
    ("1E+20", "100000000000000000000"),
    ("123456789012345680000.0", "123456789012345680000"),
    ("1e-6", "0.000001"),
    ("1e-7", "1e-7"),
    ("1.25e-7", "1.25e-7"),
    ("5e-324", "5e-324"),
    ("2e-400", "0"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("333333333.33333329", "333333333.3333333"),
    ("4.50", "4.5"),
    ("2e-3", "0.002"),
    ("0.000001000000000000001", "0.000001000000000000001"),
    ("9007199254740991", "9007199254740991"),
    ("9007199254740992", "9007199254740992"),
    ("9007199254740993", "9007199254740993"),
    ("9007199254740993.0", "9007199254740992"),
    ("18446744073709551615", "18446744073709551615"),
    ("-9223372036854775808", "-9223372036854775808"),
]
TEXTS = [
    ('{"b":1,"a":{"d":[ ],"c":{ }}}', '{"a":{"c":{},"d":[]},"b":1}'),
    ('{"\\ufb33":1,"\\ud83d\\ude02":2,"\\u20ac":3,"1":4,"\\r":5,"\\u00f6":6}', '{"\\r":5,"1":4,"\u00f6":6,"\u20ac":3,"\U0001f602":2,"\ufb33":1}'),
    ('"\\u0000\\u001F\\b\\t\\n\\f\\r\\"\\\\\\/\\u007f\\u2028"', '"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028"'),
    ("[true,false,null]", "[true,false,null]"),
]
REFUSED = {
    "a duplicate key": b'{"a":1,"a":1}',
    "a duplicate key below": b'[{"b":{"a":1,"\\u0061":2}}]',
    "NaN": b"[NaN]",
    "infinity": b"[-Infinity]",
    "an overflow": b"[1e400]",
    "a large integer": b"[18446744073709551616]",
    "a small integer": b"[-9223372036854775809]",
    "a very long integer": b"[" + b"9" * 5000 + b"]",
    "a lone surrogate": b'["\\ud800"]',
    "a lone low surrogate in a key": b'{"\\udc00x":1}',
    "an encoded surrogate": b'["\xed\xa0\x80"]',
    "invalid UTF-8": b'["\xff"]',
    "a BOM": b"\xef\xbb\xbf{}",
    "an empty line": b"",
    "white space only": b" ",
    "half an object": b'{"a":',
    "two values": b"{} {}",
    "a raw control character": b'["\x01"]',
    "a raw newline": b'["\n"]',
    "a trailing comma": b"[1,]",
    "a leading zero": b"[01]",
    "single quotes": b"{'a':1}",
    "a bare fraction": b"[1.]",
    "nesting of 129": b"[" * 129 + b"]" * 129,
    "nesting without end": b"[" * 100_000,
    "mixed nesting of 130": b'{"a":[' * 65 + b"]}" * 65,
}
# Of the bytes 0, 1, 2 ... 250, 0, 1 ...; made with the `blake3` package of PyPI.
BLAKE3 = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    64: "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    65: "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    2048: "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
    2049: "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
    3073: "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
    5120: "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833",
    8193: "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b",
    31744: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
}
TIMES = {
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01t00:00:00.5z": 500,
    "1970-01-01T01:00:00.0019+01:00": 1,
    "1969-12-31T23:59:59.999Z": -1,
    "2024-02-29T12:00:00-00:30": 1_709_209_800_000,
    "2016-12-31T23:59:60Z": 1_483_228_800_000,
    "2016-12-31T18:59:60-05:00": 1_483_228_800_000,
}
NO_TIMES = [
    "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z", "2023-01-01T00:00:61Z",
    "2023-01-01T12:00:60Z", "2023-01-01 00:00:00Z", "2023-01-01T00:00:00", "2023-01-01T00:00:00.Z", "2023-1-1T00:00:00Z",
    "2023-01-01T00:00:00+0100", "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00Z\n", "\u0662023-01-01T00:00:00Z", "", None, 5,
]  # fmt: skip


class Canonical(unittest.TestCase):
    def test_numbers_are_printed_as_ecmascript_does_and_wide_integers_exactly(self) -> None:
        for program in BOTH:
            for text, wanted in NUMBERS:
                with self.subTest(program=program.__name__, text=text):
                    self.assertEqual(program.canonical(program.read_json(text.encode())), wanted.encode())

    def test_members_are_sorted_by_utf16_and_escapes_are_the_shortest(self) -> None:
        for program in BOTH:
            for text, wanted in TEXTS:
                with self.subTest(program=program.__name__, text=text):
                    self.assertEqual(program.canonical(program.read_json(text.encode())), wanted.encode())

    def test_the_verifier_reads_every_canonical_form_back_to_the_same_bytes(self) -> None:
        for _, form in NUMBERS + TEXTS:
            with self.subTest(form=form):
                self.assertEqual(VERIFIER.canonical(VERIFIER.read_json(form.encode())), form.encode())

    def test_both_agree_on_what_a_wide_integer_is_before_and_after_normalising(self) -> None:
        for text, wanted in [("9007199254740991", False), ("-9007199254740992", True), ("1e16", True), ("1e20", True), ("1e21", False), ("true", False)]:
            value = RUNNER.read_json(b'{"a":[' + text.encode() + b"]}")
            with self.subTest(text=text):
                self.assertEqual(RUNNER.has_wide_integer(value), wanted)
                self.assertEqual(VERIFIER.has_wide_integer(VERIFIER.read_json(RUNNER.canonical(value))), wanted)

    def test_blake3_matches_the_original_over_block_chunk_and_tree_borders(self) -> None:
        for program in BOTH:
            for size, wanted in BLAKE3.items():
                with self.subTest(program=program.__name__, size=size):
                    self.assertEqual(program.digest(bytes(i % 251 for i in range(size)))["blake3"], wanted)


class Reading(unittest.TestCase):
    def test_every_reader_refuses_what_r4_names(self) -> None:
        for program in ALL:
            for name, text in REFUSED.items():
                refusal = program.Bad if program is VERIFIER else program.Fault
                if program is VERIFIER and name in ("a large integer", "a small integer"):
                    continue  # evidence is read without the 64-bit rule
                with self.subTest(program=program.__name__, name=name), self.assertRaises(refusal):
                    program.read_json(text)

    def test_every_reader_takes_what_lies_just_inside(self) -> None:
        for program in ALL:
            self.assertEqual(program.read_json(b"[" * 128 + b"]" * 128).__class__, list)
            self.assertEqual(program.read_json(b'["[[[[\\"{{{\\\\"]'), ['[[[["{{{\\'])
            self.assertEqual(program.read_json('"\\ud83d\\ude00\u2028"'.encode()), "\U0001f600\u2028")

    def test_times_are_rfc3339_and_nothing_else(self) -> None:
        for program in ALL:
            for text, wanted in TIMES.items():
                with self.subTest(program=program.__name__, text=text):
                    self.assertEqual(program.rfc3339_ms(text), wanted)
            for text in NO_TIMES:
                with self.subTest(program=program.__name__, text=text):
                    self.assertIsNone(program.rfc3339_ms(text))


if __name__ == "__main__":
    unittest.main()
