"""Write a tiny random model for llama.cpp: tiny_gguf.py FILE

One layer with random weights, always the same ones. It speaks words of this page: raw random bytes would not be UTF-8,
which llama-server answers with 500. Needs numpy and gguf.
"""

import sys

import numpy as np
from gguf import GGUFWriter, TokenType
from tiny_words import BIAS, CONTEXT, END, HEADS, INNER, LIKELY, NEXT, TEMPLATE, WIDTH, WORDS

special = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("<|im_end|>", TokenType.CONTROL)]
special += [("<|im_start|>", TokenType.CONTROL)]
# What the prompt may hold: any byte, and printable ASCII a character at a time.
single = [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
single += [(chr(code).replace(" ", "▁"), TokenType.NORMAL) for code in range(0x20, 0x7F)]
words = [(f"▁{word}", TokenType.NORMAL) for word in WORDS]
vocabulary = special + single + words

random = np.random.RandomState(0)


def weights(*shape: int, scale: float = 0.1) -> np.ndarray:
    return random.normal(0, scale, shape).astype(np.float32)


def layer_weights(*shape: int) -> np.ndarray:
    """Not of the first number, which is the same for each token, and would drown the others."""
    made = weights(*shape)
    made[:, 0] = 0
    return made


# The first number of each embedding is large, and so makes a bias of the first column of the output.
embedding = weights(len(vocabulary), WIDTH, scale=0.2)
embedding[:, 0] = 8
output = weights(len(vocabulary), WIDTH, scale=0.2)
output[:, 0] = -100
output[-len(words) :, 0] = 0
texts = [text for text, _ in vocabulary]
for token, bias in BIAS.items():
    output[texts.index(token), 0] = bias
for token, follower in NEXT.items():
    output[texts.index(follower), 1:] += LIKELY * embedding[texts.index(token), 1:]

writer = GGUFWriter(sys.argv[1], "llama")
writer.add_name("tiny")
writer.add_context_length(CONTEXT)
writer.add_embedding_length(WIDTH)
writer.add_block_count(1)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(len(vocabulary))
writer.add_rope_dimension_count(WIDTH // HEADS)
writer.add_tokenizer_model("llama")
writer.add_add_space_prefix(False)  # with one, llama-server's grammars do not meet the beginning of the answer
writer.add_token_list(texts)
writer.add_token_scores([0.0] * len(vocabulary))
writer.add_token_types([kind for _, kind in vocabulary])
writer.add_unk_token_id(0)
writer.add_bos_token_id(1)
writer.add_eos_token_id(END)
writer.add_chat_template(TEMPLATE)
writer.add_tensor("token_embd.weight", embedding)
writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
writer.add_tensor("output.weight", output)
writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, np.float32))
writer.add_tensor("blk.0.ffn_norm.weight", np.ones(WIDTH, np.float32))
for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
    writer.add_tensor(f"blk.0.{part}.weight", layer_weights(WIDTH, WIDTH))
for part, shape in (("ffn_gate", (INNER, WIDTH)), ("ffn_up", (INNER, WIDTH)), ("ffn_down", (WIDTH, INNER))):
    writer.add_tensor(f"blk.0.{part}.weight", layer_weights(*shape))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
