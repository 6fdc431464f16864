import litellm
from calls import run

litellm.suppress_debug_info = True


def ask(url, **more):
    return litellm.completion(
        model="openai/any",
        api_base=f"{url}/v1",
        api_key="sk-any",
        messages=[{"role": "user", "content": "Hello!"}],
        num_retries=0,
        max_retries=0,
        **more,
    )


def plain(url):
    return ask(url).choices[0].message.content


def stream(url):
    return "".join(chunk.choices[0].delta.content or "" for chunk in ask(url, stream=True) if chunk.choices)


run(plain, stream)
