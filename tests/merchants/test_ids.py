"""Identifiers that are made by the thousand."""

import time
import uuid

from merchants.ids import uuid7_texts


def test_texts_of_ids_are_ascending_uuids_of_version_7() -> None:
    before = time.time_ns() // 1_000_000
    texts = uuid7_texts(10_000)
    ids = [uuid.UUID(text) for text in texts]
    assert [str(id_) for id_ in ids] == texts
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, uuid.RFC_4122)}
    assert texts == sorted(set(texts))
    assert before <= ids[0].int >> 80 <= time.time_ns() // 1_000_000
