"""What the tiny random models say, and how they are asked."""

WORDS = """a and are bird bright but by calm cold come day deep far fire for from go green hill his in it lake late leaf
light long moon more near new night no now of old on one over rain red river road sea see sky slow small snow so
stone sun the their then they tree under was water we white wind with wood year you""".split()  # noqa: SIM905
TEMPLATE = """{% if tools %}<|im_start|>system
You may call functions, whose signatures are within <tools></tools> XML tags:
<tools>
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}</tools>
For each call, return a JSON object with its name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['tool_calls'] %}{{ message['content'] or '' }}{% for call in message['tool_calls'] %}
<tool_call>
{"name": "{{ call['function']['name'] }}", "arguments": {{ call['function']['arguments'] | tojson }}{{ '}' }}
</tool_call>{% endfor %}{% else %}{{ message['content'] }}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
"""ChatML, with calls as Hermes writes them, which many models do and many servers read."""
WIDTH, HEADS, INNER, CONTEXT = 64, 4, 128, 8192
END = 2
"""The token that ends an answer."""
BIAS = {"<|im_end|>": 0.25, '"': 0, ",": -98, ":": -97, "]": -97, "}": -97}
BIAS |= dict.fromkeys(("▁", "<0x20>", "<0x09>", "<0x0A>", "<0x0D>"), -101)
"""How likely a token is beside the words, which have 0; all others have -100.

Now and then an answer ends by itself. Where a grammar demands JSON, a bracket or a comma comes rather than one more
digit, and anything rather than space.
"""
NEXT = {word: '"' if number % 20 == 0 else f"▁{WORDS[number % len(WORDS)]}" for number, word in enumerate(WORDS, 1)}
NEXT = {f"▁{word}": follower for word, follower in NEXT.items()} | {'"': "<|im_end|>", "<0x0A>": "▁a"}
"""What a token is likely followed by: at temperature 0 no word comes again and again, and answers and texts of
JSON end."""
LIKELY = 1.5
