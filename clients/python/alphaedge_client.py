from calls import run

from alphaedge import AlphaEdge

MESSAGES = [{"role": "user", "content": "Hello!"}]


def client(url):
    return AlphaEdge(base_url=url, api_key="sk-any", max_retries=0)


def plain(url):
    return client(url).chat.completions.create(model="any", messages=MESSAGES).choices[0].message.content


def stream(url):
    with client(url).chat.completions.create(model="any", messages=MESSAGES, stream=True) as chunks:
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


run(plain, stream)
