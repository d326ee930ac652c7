"""What a stranger needs to check Candor's custody log: the formats, and the checks on them.

The offline verifier is made from this package alone, so it keeps these rules:

1. Standard library only. It imports nothing else of Candor; everything above may import it.
2. Bytes from outside are hostile. A parser accepts exactly what the format allows (canonical decimals, strict
   base64, canonical JSON), is bounded in size, and fails only with an error of the family in `errors`.
3. Nothing is used before it is checked. A tile is folded into the signed root before a hash of it is
   returned; a signature of a known key that does not verify rejects the whole note.
4. A check either returns what it has shown or raises. No check answers with a value that can be overlooked.
5. Keys come from the caller. Only the package verifier falls back on the policy inside a package, and then its verdict
   is "not proven" and says so loudly.
6. Same input, same bytes: every `format` is the inverse of its `parse`.

Formats: RFC 6962 and RFC 9162 (tree and proofs), RFC 8032 (Ed25519), C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-tiles, tlog-proof, tlog-policy; Candor's own public leaf is in `leaf` and `opening`.
"""
