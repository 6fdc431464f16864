"""Write a tiny random model in the form of the Hugging Face hub: tiny_llama.py FOLDER

One layer of a Llama with random weights, always the same ones, and a tokenizer of bytes, ASCII and the words that the
model speaks. Needs numpy, safetensors and tokenizers.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tiny_words import BIAS, CONTEXT, END, INNER, LIKELY, NEXT, TEMPLATE, WIDTH, WORDS
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers

special = ["<unk>", "<s>", "<|im_end|>", "<|im_start|>"]
single = [f"<0x{byte:02X}>" for byte in range(256)]
single += [chr(code).replace(" ", "▁") for code in range(0x20, 0x7F)]
vocabulary = special + single + [f"▁{word}" for word in WORDS]
numbers = {token: number for number, token in enumerate(vocabulary)}

tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=[], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
tokenizer.normalizer = normalizers.Replace(" ", "▁")
tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])

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
output[-len(WORDS) :, 0] = 0
for token, bias in BIAS.items():
    output[numbers[token], 0] = bias
for token, follower in NEXT.items():
    output[numbers[follower], 1:] += LIKELY * embedding[numbers[token], 1:]
layer = "model.layers.0"
tensors = {
    "model.embed_tokens.weight": embedding,
    "model.norm.weight": np.ones(WIDTH, np.float32),
    "lm_head.weight": output,
    f"{layer}.input_layernorm.weight": np.ones(WIDTH, np.float32),
    f"{layer}.post_attention_layernorm.weight": np.ones(WIDTH, np.float32),
    **{f"{layer}.self_attn.{part}_proj.weight": layer_weights(WIDTH, WIDTH) for part in "qkvo"},
    f"{layer}.mlp.gate_proj.weight": layer_weights(INNER, WIDTH),
    f"{layer}.mlp.up_proj.weight": layer_weights(INNER, WIDTH),
    f"{layer}.mlp.down_proj.weight": layer_weights(WIDTH, INNER),
}
config = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": WIDTH,
    "intermediate_size": INNER,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,  # of all its width: vLLM on the CPU takes none narrower than 32
    "num_key_value_heads": 1,
    "max_position_embeddings": CONTEXT,
    "rms_norm_eps": 1e-5,
    "vocab_size": len(vocabulary),
    "bos_token_id": 1,
    "eos_token_id": END,
    "tie_word_embeddings": False,
    "torch_dtype": "float32",
}
about_tokenizer = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "eos_token": "<|im_end|>",
    "unk_token": "<unk>",
    "chat_template": TEMPLATE,
    "model_max_length": CONTEXT,
    "clean_up_tokenization_spaces": False,
}

generation = {
    "bos_token_id": 1,
    "eos_token_id": END,
    # Without these, Transformers takes the likeliest token, whatever the temperature of the contract.
    "do_sample": True,
    "temperature": 1.0,
    "max_new_tokens": 256,
}

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
save_file(tensors, str(folder / "model.safetensors"), {"format": "pt"})
tokenizer.save(str(folder / "tokenizer.json"))
for name, content in (
    ("config", config),
    ("tokenizer_config", about_tokenizer),
    ("generation_config", generation),
):
    (folder / f"{name}.json").write_text(json.dumps(content))
