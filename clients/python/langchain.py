from calls import run
from langchain_openai import ChatOpenAI


def model(url):
    return ChatOpenAI(base_url=f"{url}/v1", api_key="sk-any", model="any", max_retries=0)


def plain(url):
    return model(url).invoke("Hello!").content


def stream(url):
    return "".join(chunk.content for chunk in model(url).stream("Hello!"))


run(plain, stream)
