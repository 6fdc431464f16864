from calls import run
from mistralai.client import Mistral

MESSAGES = [{"role": "user", "content": "Hello!"}]


def client(url):
    return Mistral(api_key="sk-any", server_url=url)


def plain(url):
    return client(url).chat.complete(model="any", messages=MESSAGES).choices[0].message.content


def stream(url):
    events = client(url).chat.stream(model="any", messages=MESSAGES)
    return "".join(event.data.choices[0].delta.content or "" for event in events if event.data.choices)


run(plain, stream)
