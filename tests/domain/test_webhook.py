"""The signature is that of the Standard Webhooks specification."""

from __future__ import annotations

import base64

from app.domain.webhook import headers, sign, write_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the specification's own example


def test_the_specifications_example_is_signed_as_it_says() -> None:
    body = b'{"test": 2432232314}'
    signature = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, SECRET)
    assert signature == "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_live_secret_signs() -> None:
    other = write_secret(bytes(32))
    said = headers("evt_1", 7, b"{}", [SECRET, other])
    assert said["webhook-id"] == "evt_1"
    assert said["webhook-timestamp"] == "7"
    assert said["webhook-signature"] == " ".join(f"v1,{sign('evt_1', 7, b'{}', each)}" for each in (SECRET, other))


def test_a_secret_is_thirty_two_bytes_in_base64() -> None:
    assert base64.b64decode(write_secret(bytes(range(32))).removeprefix("whsec_")) == bytes(range(32))


def test_id_time_and_body_are_all_signed() -> None:
    told = {sign(*said, SECRET) for said in [("a", 1, b"x"), ("b", 1, b"x"), ("a", 2, b"x"), ("a", 1, b"y")]}
    assert len(told) == 4
