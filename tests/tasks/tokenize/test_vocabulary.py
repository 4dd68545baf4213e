from tasks.tokenize.vocabulary import special_ids, token_bytes, vocabulary_size

TOKENIZER = {
    "model": {"vocab": {"a": 0, "Ġthe": 1, "Ã©": 2}},
    "added_tokens": [
        {"id": 3, "content": "<|endoftext|>", "special": True},
        {"id": 4, "content": "é!", "special": False},
    ],
}


def test_a_byte_level_token_has_one_character_per_byte_and_special_tokens_have_none():
    assert token_bytes(TOKENIZER).tolist() == [1, 4, 2, 0, 3]


def test_the_vocabulary_reaches_to_the_largest_id():
    assert vocabulary_size(TOKENIZER) == 5


def test_the_end_of_text_is_known_by_its_name():
    assert special_ids(TOKENIZER) == {"end_token": 3, "pad_token": None}
