"""Escrow: shares that make the key, ones that do not, and age files for recipients."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import combinations

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from candor.store.escrow import (
    SHARE_WORDS,
    HeldShare,
    combine_shares,
    encrypt_to,
    open_escrow,
    recipient_fingerprint,
    share_text,
    split_key,
)
from candor.store.key_errors import (
    IdentityWrong,
    PaperWrong,
    PassphraseWrong,
    RecipientWrong,
    SharesDiffer,
    SharesTooFew,
    ShareTwice,
    ShareWrong,
    SplitWrong,
    WordUnknown,
)
from candor.store.keys import KeyRing
from candor.store.share_check import wrong_word
from candor.store.words import word_of

KEY = bytes(range(3, 35))
RING = KeyRing({4: KEY})
MADE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def split(holders: int = 5, needed: int = 3, passphrase: str = "") -> tuple[HeldShare, ...]:
    return split_key(RING, 4, holders=holders, needed=needed, passphrase=passphrase)


SHARES = split()


def text_of(share: HeldShare) -> str:
    return share_text([share], agency="State Troop Q", origin="troop-q.example/log", made=MADE, passphrase=False)


def given_of(*holders: int, shares: tuple[HeldShare, ...] = SHARES) -> dict[str, str]:
    return {f"share-{holder}": text_of(shares[holder - 1]) for holder in holders}


def test_any_three_of_five_make_the_key() -> None:
    for holders in combinations(range(1, 6), 3):
        assert combine_shares(given_of(*holders)) == {4: KEY}
    assert combine_shares(given_of(1, 2, 3, 4, 5)) == {4: KEY}


def test_words_alone_are_enough() -> None:
    bare = {f"{share.holder}": " ".join(word[:4].upper() for word in share.words) for share in SHARES[1:4]}
    assert combine_shares(bare) == {4: KEY}


@pytest.mark.parametrize(("holders", "needed"), [(2, 2), (16, 16), (3, 2)])
def test_how_many(holders: int, needed: int) -> None:
    shares = split(holders, needed)
    assert [share.holder for share in shares] == list(range(1, holders + 1))
    assert combine_shares(given_of(*range(1, needed + 1), shares=shares)) == {4: KEY}


@pytest.mark.parametrize(("holders", "needed"), [(1, 1), (17, 2), (3, 4), (3, 1), (3, 0), (0, 0)])
def test_how_many_not(holders: int, needed: int) -> None:
    with pytest.raises(SplitWrong, match=f"{holders} holders"):
        split(holders, needed)


def test_the_paper_says_whose_it_is() -> None:
    text = text_of(SHARES[1])
    for words in ("SHARE 2 OF 5", "State Troop Q", "troop-q.example/log", "epoch 4", SHARES[1].fingerprint, "Any 3 of"):
        assert words in " ".join(text.split())
    assert len(SHARES[1].words) == SHARE_WORDS
    assert not set(SHARES[1].words) & set(repr(SHARES[1]).split())


def test_shares_of_several_keys_on_one_paper() -> None:
    ring = KeyRing({4: KEY, 5: bytes(32)})
    sets = [split_key(ring, epoch, holders=3, needed=2) for epoch in (4, 5)]
    papers = {
        str(pair[0].holder): share_text(pair, agency="-", origin="-", made=MADE, passphrase=False)
        for pair in zip(*sets, strict=True)
    }
    del papers["2"]
    assert combine_shares(papers) == {4: KEY, 5: bytes(32)}


def test_too_few() -> None:
    with pytest.raises(SharesTooFew, match=r"3 shares are needed, and 2 were given \(of holders 2, 4\).*Ask 1 more"):
        combine_shares(given_of(2, 4))


def test_the_same_share_twice() -> None:
    papers = {**given_of(1, 2), "copy": text_of(SHARES[1])}
    with pytest.raises(ShareTwice, match="copy and share-2 are the same one \\(holder 2\\)"):
        combine_shares(papers)


def test_shares_of_two_sets() -> None:
    again = split()
    with pytest.raises(SharesDiffer) as caught:
        combine_shares({**given_of(1, 2), "stranger": text_of(again[2])})
    assert "The share stranger belongs to another set than share-1" in str(caught.value)
    assert " ".join(again[2].words[:2]) in str(caught.value)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 4), st.integers(0, SHARE_WORDS - 1), st.integers(1, 1023))
def test_one_wrong_word_is_found(holder: int, place: int, shift: int) -> None:
    words = list(SHARES[holder].words)
    right = words[place]
    words[place] = word_of((next(n for n in range(1024) if word_of(n) == right) + shift) % 1024)
    assert wrong_word(words) == (place + 1, right)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(0, SHARE_WORDS - 1), st.integers(0, 1023)), min_size=2, max_size=2))
def test_of_two_wrong_words_none_is_accused(changes: list[tuple[int, int]]) -> None:
    words = list(SHARES[0].words)
    for place, number in changes:
        words[place] = word_of(number)
    wrong = [at for at, (one, two) in enumerate(zip(words, SHARES[0].words, strict=True)) if one != two]
    if len(wrong) == 2:
        assert wrong_word(words) is None


def test_a_wrong_word_is_said_with_share_place_and_line() -> None:
    words = list(SHARES[0].words)
    words[11] = "zero" if words[11] != "zero" else "acid"
    with pytest.raises(ShareWrong) as caught:
        combine_shares({**given_of(2, 3), "mine.txt": " ".join(words)})
    assert "The share mine.txt is not right: word 12" in str(caught.value)
    assert f"in line 3, is wrong; it is probably “{SHARES[0].words[11]}”" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda words: words[:-1], "37 words instead of 38"),
        (lambda words: [*words[:5], words[6], words[5], *words[7:]], "more than one word is wrong"),
    ],
)
def test_a_share_that_is_not_whole(change: object, words: str) -> None:
    assert callable(change)
    with pytest.raises(ShareWrong, match=words):
        combine_shares({"paper": " ".join(change(list(SHARES[0].words)))})


def test_a_word_that_is_none() -> None:
    with pytest.raises(WordUnknown, match="The share paper, word 1: “hello”"):
        combine_shares({"paper": " ".join(["hello", *SHARES[0].words[1:]])})
    with pytest.raises(PaperWrong, match="no share was given"):
        combine_shares({})


def test_a_passphrase_is_needed_and_must_be_right() -> None:
    shares = split(passphrase="open sesame")
    papers = given_of(1, 3, 5, shares=shares)
    assert combine_shares(papers, passphrase="open sesame") == {4: KEY}
    for wrong in ("", "Open sesame"):
        with pytest.raises(PassphraseWrong):
            combine_shares(papers, passphrase=wrong)
    with pytest.raises(PassphraseWrong):
        combine_shares(given_of(1, 2, 3), passphrase="none was set")
    with pytest.raises(PaperWrong, match="ASCII"):
        split(passphrase="schlüssel")


ALICE, BOB, EVE = (pyrage.x25519.Identity.generate() for _ in range(3))


def test_each_recipient_alone_opens_an_escrow() -> None:
    sealed = encrypt_to({4: KEY}, [str(ALICE.to_public()), str(BOB.to_public())])
    assert sealed.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----")
    assert KEY not in sealed
    for identity in (ALICE, BOB):
        content = f"# made today\n{identity}\n".encode()
        assert open_escrow(sealed, content, escrow_name="e", identity_name="i") == {4: KEY}
    with pytest.raises(IdentityWrong, match=r"in eve\.txt does not open the escrow e\.age"):
        open_escrow(sealed, str(EVE).encode(), escrow_name="e.age", identity_name="eve.txt")


def test_what_is_no_recipient_identity_or_escrow() -> None:
    sealed = encrypt_to({4: KEY}, [str(ALICE.to_public())])
    for wrong in ("age1notarecipient", "ssh-foo AAAA", ""):
        with pytest.raises(RecipientWrong):
            encrypt_to({4: KEY}, [wrong])
    with pytest.raises(IdentityWrong, match="no identity file"):
        open_escrow(sealed, b"hello", escrow_name="e", identity_name="i")
    with pytest.raises(PaperWrong, match="e is no age file"):
        open_escrow(b"hello", str(ALICE).encode(), escrow_name="e", identity_name="i")
    with pytest.raises(IdentityWrong):
        open_escrow(sealed[:-60], str(ALICE).encode(), escrow_name="e", identity_name="i")
    for inside in (b"hello", b"[]", json.dumps({"candor-escrow": 1, "keys": []}).encode()):
        other = pyrage.encrypt(inside, [ALICE.to_public()])
        with pytest.raises(PaperWrong, match="no key of Candor's"):
            open_escrow(other, str(ALICE).encode(), escrow_name="e", identity_name="i")


def test_fingerprints_of_recipients() -> None:
    one, two = str(ALICE.to_public()), str(BOB.to_public())
    assert recipient_fingerprint(one) == recipient_fingerprint(f" {one}\n") != recipient_fingerprint(two)
    assert len(recipient_fingerprint(one)) == 16
