"""What the tiny random models say, and how they are asked."""

WORDS = """a and are bird bright but by calm cold come day deep far fire for from go green hill his in it lake late leaf
light long moon more near new night no now of old on one over rain red river road sea see sky slow small snow so
stone sun the their then they tree under was water we white wind with wood year you""".split()  # noqa: SIM905
TEMPLATE = """{% for message in messages %}<|im_start|>{{ message['role'] }}
{{ message['content'] }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""
WIDTH, HEADS, INNER, CONTEXT = 64, 4, 128, 8192
END = 2
"""The token that ends an answer."""
