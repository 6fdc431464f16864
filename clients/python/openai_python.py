from calls import run
from openai import OpenAI

MESSAGES = [{"role": "user", "content": "Hello!"}]


def client(url):
    return OpenAI(base_url=f"{url}/v1", api_key="sk-any", max_retries=0)


def plain(url):
    return client(url).chat.completions.create(model="any", messages=MESSAGES).choices[0].message.content


def stream(url):
    chunks = client(url).chat.completions.create(model="any", messages=MESSAGES, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


run(plain, stream)
