"""Each line that ends with `# wrong` is an error of the type checker, and no other is."""

from __future__ import annotations

import httpx

import alphaedge
from alphaedge import AlphaEdge, AsyncAlphaEdge, ChatCompletionParams, ChatMessage

client = AlphaEdge()
create = client.chat.completions.create

create(model="m")  # wrong
create(messages=[])  # wrong
create(model=3, messages=[])  # wrong
create(model="m", messages=[], temperature="hot")  # wrong
create(model="m", messages=[], max_tokens=1.5)  # wrong
create(model="m", messages=[], stream="yes")  # wrong
create(model="m", messages=[], top_k=1)  # wrong
create(model="m", messages=[{"role": "robot", "content": "Hi"}])  # wrong
create(model="m", messages=[{"role": "user"}])  # wrong
create(model="m", messages=[{"role": "user", "content": "Hi", "name": "x"}])  # wrong
create(model="m", messages=["Hi"])  # wrong
create("m", [])  # wrong
create(model="m", messages=[]).choices[0].text  # wrong
create(model="m", messages=[], stream=True).choices  # wrong
client.chat.completions.with_raw_response.create(model="m")  # wrong
client.chat.complete  # wrong
ChatMessage(role="user")  # wrong
ChatMessage(role="robot", content="Hi")  # wrong
AlphaEdge(timeout="soon")  # wrong
alphaedge.AlphaEgde  # wrong
alphaedge.Stream.fold  # wrong
AlphaEdge(http_client=httpx.AsyncClient())  # wrong
AsyncAlphaEdge(http_client=httpx.Client())  # wrong
AlphaEdge(default_headers={"x-team": 1})  # wrong
AlphaEdge(lambda: 5)  # wrong
AlphaEdge(max_retries="2")  # wrong
create(model="m", messages=[]).request_id.upper()  # wrong
create(model="m", messages=[]).usage.total_token  # wrong
create(model="m", messages=[]).choices[0].message.content = "x"  # wrong
create(model="m", messages=[], extra_query=["v"])  # wrong
params: ChatCompletionParams = {"model": "m", "messages": []}
params["temprature"] = 1  # wrong
params["max_tokens"] = "ten"  # wrong
missing: ChatCompletionParams = {"model": "m"}  # wrong
create(**params, model="n")  # wrong
create(**params, stream=True).choices  # wrong
create(**params).text()  # wrong

create(model="m", messages=({"role": "user", "content": "Hi"}, ChatMessage(role="user", content="Hi")))
create(model="m", messages=[], temperature=None, extra_body={"top_k": 1}, timeout=3)
