"""A tokenizer of nano's own: questions and answers enter, byte-level tokens leave, numbers as single digits.

Every text can be encoded, since bytes are tokens; what the questions say often is one token a word.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from spatialvlm.dataset import SceneQuestions
from spatialvlm.models import import_transformers

PAD, START, END, IMAGE = "<pad>", "<|im_start|>", "<|im_end|>", "<image>"
AROUND, GLOBAL = "<fake_token_around_image>", "<global-img>"
SPECIAL = (PAD, START, END, IMAGE, AROUND, GLOBAL, "<end_of_utterance>")
VOCABULARY = 2048
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""How a conversation is written; roles are plain words, so that two tokens begin a turn."""


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Any:
    """Train a tokenizer on texts. Raises UserError where transformers is missing."""
    transformers = import_transformers()
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # pyright: ignore

    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bytes_.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=2,
        show_progress=False,
    )
    bytes_.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bytes_,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        additional_special_tokens=[IMAGE, AROUND, GLOBAL, "<end_of_utterance>"],
        padding_side="left",
        clean_up_tokenization_spaces=False,
        chat_template=CHAT,
    )


def texts_of(scenes: SceneQuestions, epochs: int = 4) -> Iterator[str]:
    """List what is asked and answered about scenes in some epochs, and what begins each turn."""
    for epoch in range(epochs):
        for asked in scenes.at_epoch(epoch):
            for qa in asked.questions:
                yield f"user\n{qa.question}"
                yield f"assistant\n{qa.answer}"
