import asyncio

from calls import run
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider


def agent(url):
    client = AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-any", max_retries=0)
    return Agent(OpenAIChatModel("any", provider=OpenAIProvider(openai_client=client)), retries=0)


def plain(url):
    return agent(url).run_sync("Hello!").output


def stream(url):
    async def read():
        async with agent(url).run_stream("Hello!") as result:
            return "".join([text async for text in result.stream_text(delta=True)])

    return asyncio.run(read())


run(plain, stream)
